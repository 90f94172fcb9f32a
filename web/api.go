package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/policy"
)

// access says who may call an operation at all; what they may see there is
// for the gate to say.
type access int

const (
	signedIn access = iota
	// firstSteps is for whoever signed in, the first password not yet replaced.
	firstSteps
	officers
	residents
	administrators
)

// op describes an operation for the router and for the OpenAPI document.
type op struct {
	id, method, path, tag, summary string
	status                         int    // of success; 200 when zero
	media                          string // of the body; JSON when empty
	picture                        bool   // the body is or leads to a picture
	body                           int64  // largest request body, in bytes
}

// maxBody bounds a JSON request body.
const maxBody = 64 << 10

// extensionPicture marks the operations that show pictures in the OpenAPI
// document, so that a test can find them all.
const extensionPicture = "x-shouwang-picture"

// open registers an operation that needs no session.
func open[I, O any](s *Server, o op, handle func(ctx context.Context, in *I) (*O, error)) {
	huma.Register(s.api, o.operation(false), func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		return out, s.told(ctx, o, err)
	})
}

// route registers an operation for people who are signed in.
func route[I, O any](s *Server, o op, who access, handle func(ctx context.Context, c *caller, in *I) (*O, error)) {
	huma.Register(s.api, o.operation(true), func(ctx context.Context, in *I) (*O, error) {
		c, err := s.caller(ctx)
		if err == nil {
			err = s.may(c, who)
		}
		if err != nil {
			return nil, s.told(ctx, o, err)
		}
		out, err := handle(ctx, c, in)
		return out, s.told(ctx, o, err)
	})
}

// told turns an error into a problem and keeps the cause in the log.
func (s *Server) told(ctx context.Context, o op, err error) error {
	if err == nil {
		return nil
	}
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.log.Warn("request failed", "operation", o.id, "request", requestID(ctx), "code", p.Code, "error", err)
	}
	return p
}

// may reports, as a problem, that an operation is not for this kind of caller.
func (s *Server) may(c *caller, who access) error {
	if c.session.MustChange && who != firstSteps {
		d := policy.Decision{Reasons: []policy.Reason{ReasonFirstPassword}}
		return denial(&d, s.textFor(c, &d))
	}
	ok := true
	switch who {
	case signedIn, firstSteps:
	case officers:
		ok = c.who.Type == policy.TypeOfficer
	case residents:
		ok = c.who.Type == policy.TypeResident || c.who.Type == policy.TypeOfficer && c.who.Unit != ""
	case administrators:
		ok = c.who.Type == policy.TypeAdministrator
	}
	if !ok {
		return shouwang.Errorf(shouwang.CodeDenied, "this is not for accounts of type %s", c.who.Type)
	}
	return nil
}

func (o op) operation(session bool) huma.Operation {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	h := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Tags: []string{o.tag},
		DefaultStatus: o.status, MaxBodyBytes: maxBody, BodyReadTimeout: 10 * time.Second,
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}
	if o.body > 0 {
		h.MaxBodyBytes = o.body
	}
	if session {
		h.Security = []map[string][]string{{"session": {}}}
		h.Errors = append(h.Errors, http.StatusUnauthorized)
	}
	if o.picture {
		h.Extensions = map[string]any{extensionPicture: true}
	}
	if o.media != "" {
		h.Responses = map[string]*huma.Response{strconv.Itoa(o.status): {
			Description: http.StatusText(o.status),
			Content:     map[string]*huma.MediaType{o.media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}}
	}
	return h
}
