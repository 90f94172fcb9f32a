package session

import (
	"context"
	"net/http"

	"shouwang"
	"shouwang/web/auth"
	"shouwang/web/front"
)

// factors is the part of sign-in about second factors; Accounts that lack it
// have none.
type factors interface {
	EnrolSecondFactor(ctx context.Context, token string) (secret []byte, err error)
	ConfirmSecondFactor(ctx context.Context, token, code string) error
	ShowSecondFactor(ctx context.Context, token, code string) error
}

type codeInput struct {
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"8" pattern:"^[0-9]+$"`
	}
}

type enrolOutput struct {
	Body struct {
		Address string `json:"address" doc:"otpauth:// address for an authenticator; shown once"`
	}
}

func (r *room) factorRoutes() {
	post := func(id, path, summary string) front.Op {
		return front.Op{ID: id, Method: http.MethodPost, Path: path, Tag: "session", Summary: summary}
	}
	front.Route(r.Front, post("showFactor", "/api/session/factor", "Show one's second factor; acts that need it fresh look back five minutes"), front.SignedIn, r.showFactor)
	front.Route(r.Front, post("enrolFactor", "/api/session/factor/enrol", "Ask for a second factor; it counts once confirmed"), front.SignedIn, r.enrolFactor)
	front.Route(r.Front, post("confirmFactor", "/api/session/factor/confirm", "Confirm a second factor with one of its codes"), front.SignedIn, r.confirmFactor)
}

func (r *room) factors() (factors, error) {
	f, ok := r.accounts.(factors)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "this service has no second factors")
	}
	return f, nil
}

func (r *room) showFactor(ctx context.Context, c *front.Caller, in *codeInput) (*struct{}, error) {
	f, err := r.factors()
	if err != nil {
		return nil, err
	}
	return nil, f.ShowSecondFactor(ctx, c.Token, in.Body.Code)
}

func (r *room) confirmFactor(ctx context.Context, c *front.Caller, in *codeInput) (*struct{}, error) {
	f, err := r.factors()
	if err != nil {
		return nil, err
	}
	return nil, f.ConfirmSecondFactor(ctx, c.Token, in.Body.Code)
}

func (r *room) enrolFactor(ctx context.Context, c *front.Caller, _ *struct{}) (*enrolOutput, error) {
	f, err := r.factors()
	if err != nil {
		return nil, err
	}
	secret, err := f.EnrolSecondFactor(ctx, c.Token)
	if err != nil {
		return nil, err
	}
	out := &enrolOutput{}
	out.Body.Address = auth.TOTPAddress("Shouwang", c.Session.Account, secret)
	return out, nil
}
