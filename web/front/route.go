package front

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/policy"
)

// Access says who may call an operation at all; what they may see there is
// for the gate to say.
type Access int

const (
	// SignedIn is for everybody who is signed in.
	SignedIn Access = iota
	// FirstSteps is for whoever signed in, the first password not yet replaced.
	FirstSteps
	// Officers is for people who work for the township or a department.
	Officers
	// Residents is for owners of cameras: residents, and officers for their unit's.
	Residents
	// Administrators is for those who keep the service running.
	Administrators
)

// Op describes an operation for the router and for the OpenAPI document.
type Op struct {
	ID, Method, Path, Tag, Summary string
	Status                         int    // of success; 200 when zero, 204 where no body is
	Media                          string // of the body; JSON when empty
	Picture                        bool   // the body is or leads to a picture
	Body                           int64  // largest request body, in bytes
}

// maxBody bounds a JSON request body.
const maxBody = 64 << 10

// ExtensionPicture marks the operations that show pictures in the OpenAPI
// document, so that a test can find them all.
const ExtensionPicture = "x-shouwang-picture"

// Open registers an operation that needs no session.
func Open[I, O any](f *Front, o Op, handle func(ctx context.Context, in *I) (*O, error)) {
	huma.Register(f.API, o.operation(false), func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		return out, f.told(ctx, o, err)
	})
}

// Route registers an operation for people who are signed in.
func Route[I, O any](f *Front, o Op, who Access, handle func(ctx context.Context, c *Caller, in *I) (*O, error)) {
	huma.Register(f.API, o.operation(true), func(ctx context.Context, in *I) (*O, error) {
		c, err := f.Caller(ctx)
		if err == nil {
			err = f.May(c, who)
		}
		if err != nil {
			return nil, f.told(ctx, o, err)
		}
		out, err := handle(ctx, c, in)
		return out, f.told(ctx, o, err)
	})
}

// told turns an error into a problem and keeps the cause in the log.
func (f *Front) told(ctx context.Context, o Op, err error) error {
	if err == nil {
		return nil
	}
	p := ProblemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		f.Log.Warn("request failed", "operation", o.ID, "request", RequestID(ctx), "code", p.Code, "error", err)
	}
	return p
}

// May reports, as a problem, that an operation is not for this kind of caller.
func (f *Front) May(c *Caller, who Access) error {
	if c.Session.MustChange && who != FirstSteps {
		d := policy.Decision{Reasons: []policy.Reason{ReasonFirstPassword}}
		return Denial(&d, f.TextFor(c, &d))
	}
	ok := true
	switch who {
	case SignedIn, FirstSteps:
	case Officers:
		ok = c.Who.Type == policy.TypeOfficer
	case Residents:
		ok = c.Who.Type == policy.TypeResident || c.Who.Type == policy.TypeOfficer && c.Who.Unit != ""
	case Administrators:
		ok = c.Who.Type == policy.TypeAdministrator
	}
	if !ok {
		return shouwang.Errorf(shouwang.CodeDenied, "this is not for accounts of type %s", c.Who.Type)
	}
	return nil
}

func (o Op) operation(session bool) huma.Operation {
	h := huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: o.Path, Summary: o.Summary, Tags: []string{o.Tag},
		DefaultStatus: o.Status, MaxBodyBytes: maxBody, BodyReadTimeout: 10 * time.Second,
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}
	if o.Body > 0 {
		h.MaxBodyBytes = o.Body
	}
	if session {
		h.Security = []map[string][]string{{"session": {}}}
		h.Errors = append(h.Errors, http.StatusUnauthorized)
	}
	if o.Picture {
		h.Extensions = map[string]any{ExtensionPicture: true}
	}
	if o.Media != "" {
		h.Responses = map[string]*huma.Response{strconv.Itoa(cmp.Or(o.Status, http.StatusOK)): {
			Description: http.StatusText(cmp.Or(o.Status, http.StatusOK)),
			Content:     map[string]*huma.MediaType{o.Media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}}
	}
	return h
}
