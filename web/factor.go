package web

import (
	"context"
	"net/http"

	"shouwang"
	"shouwang/web/auth"
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

func (s *Server) factorRoutes() {
	post := func(id, path, summary string) op {
		return op{id: id, method: http.MethodPost, path: path, tag: "session", summary: summary}
	}
	route(s, post("showFactor", "/api/session/factor", "Show one's second factor; acts that need it fresh look back five minutes"), signedIn, s.showFactor)
	route(s, post("enrolFactor", "/api/session/factor/enrol", "Ask for a second factor; it counts once confirmed"), signedIn, s.enrolFactor)
	route(s, post("confirmFactor", "/api/session/factor/confirm", "Confirm a second factor with one of its codes"), signedIn, s.confirmFactor)
}

func (s *Server) factors() (factors, error) {
	f, ok := s.deps.Accounts.(factors)
	if !ok {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "this service has no second factors")
	}
	return f, nil
}

func (s *Server) showFactor(ctx context.Context, c *caller, in *codeInput) (*struct{}, error) {
	f, err := s.factors()
	if err != nil {
		return nil, err
	}
	return nil, f.ShowSecondFactor(ctx, c.token, in.Body.Code)
}

func (s *Server) confirmFactor(ctx context.Context, c *caller, in *codeInput) (*struct{}, error) {
	f, err := s.factors()
	if err != nil {
		return nil, err
	}
	return nil, f.ConfirmSecondFactor(ctx, c.token, in.Body.Code)
}

func (s *Server) enrolFactor(ctx context.Context, c *caller, _ *struct{}) (*enrolOutput, error) {
	f, err := s.factors()
	if err != nil {
		return nil, err
	}
	secret, err := f.EnrolSecondFactor(ctx, c.token)
	if err != nil {
		return nil, err
	}
	out := &enrolOutput{}
	out.Body.Address = auth.TOTPAddress("Shouwang", c.session.Account, secret)
	return out, nil
}
