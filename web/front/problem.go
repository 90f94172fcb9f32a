package front

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"shouwang"
	"shouwang/policy"
)

// Problem is an error as the API tells it (RFC 9457). Code is stable; Text is
// for the person who asked, in the language of the request.
type Problem struct {
	Type    string          `json:"type" doc:"urn:shouwang:problem: and the code"`
	Title   string          `json:"title"`
	Status  int             `json:"status"`
	Detail  string          `json:"detail" doc:"One line in English that says what to do"`
	Code    shouwang.Code   `json:"code" doc:"Stable name of the kind of failure"`
	Reasons []policy.Reason `json:"reasons,omitempty" doc:"Why a request was denied, most telling first"`
	Text    string          `json:"text,omitempty" doc:"The same for the person who asked"`
	Errors  []string        `json:"errors,omitempty" doc:"Fields that are wrong, in English"`
	// Faults are for the form: which field, and a stable name of what is wrong.
	Faults []shouwang.Fault `json:"faults,omitempty" doc:"Fields that are wrong, by stable names"`

	retryAfter time.Duration
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return h
}

var statusOf = map[shouwang.Code]int{
	shouwang.CodeBadUsage: http.StatusUnprocessableEntity, shouwang.CodeBadConfig: http.StatusUnprocessableEntity,
	shouwang.CodeBadAddress: http.StatusUnprocessableEntity, shouwang.CodeAddressForbidden: http.StatusUnprocessableEntity,
	shouwang.CodeWeakPassword: http.StatusUnprocessableEntity, shouwang.CodeLoginTaken: http.StatusConflict,
	shouwang.CodeOldPassword: http.StatusUnprocessableEntity,
	shouwang.CodeBadCodec:    http.StatusNotAcceptable, shouwang.CodeDenied: http.StatusForbidden,
	shouwang.CodeNotFound: http.StatusNotFound, shouwang.CodeConflict: http.StatusConflict,
	shouwang.CodeUnauthenticated: http.StatusUnauthorized, shouwang.CodeRateLimited: http.StatusTooManyRequests,
	shouwang.CodeTooLarge: http.StatusRequestEntityTooLarge, shouwang.CodeKeyDestroyed: http.StatusGone,
	shouwang.CodeUnreachable: http.StatusServiceUnavailable, shouwang.CodeStalled: http.StatusServiceUnavailable,
	shouwang.CodeNoVideo: http.StatusServiceUnavailable, shouwang.CodeAuditUnavailable: http.StatusServiceUnavailable,
	shouwang.CodeStorageAway: http.StatusServiceUnavailable, shouwang.CodeOverloaded: http.StatusServiceUnavailable,
	shouwang.CodeDiskFull: http.StatusServiceUnavailable,
}

// ProblemOf turns any error into what the caller may be told. What is not
// meant for callers is told as an internal error and nothing more.
func ProblemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *shouwang.Error
	if !errors.As(err, &e) {
		return NewProblem(http.StatusInternalServerError, shouwang.CodeInternal, "something went wrong here; the log of the service says what")
	}
	status, ok := statusOf[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	p = NewProblem(status, e.Code, e.Message)
	p.Faults = e.Faults
	var retry RetryAfter
	if errors.As(err, &retry) {
		p.retryAfter = retry.RetryAfter()
	}
	return p
}

// NewProblem is a problem with the HTTP status, the stable code and one line
// in English that says what to do.
func NewProblem(status int, code shouwang.Code, detail string) *Problem {
	return &Problem{
		Type: "urn:shouwang:problem:" + string(code), Title: http.StatusText(status),
		Status: status, Detail: detail, Code: code,
	}
}

// Denial is the problem of a request that the gate or this room refused.
func Denial(d *policy.Decision, text string) *Problem {
	p := NewProblem(http.StatusForbidden, shouwang.CodeDenied, "denied: "+joinReasons(d.Reasons))
	p.Reasons, p.Text = d.Reasons, text
	return p
}

func joinReasons(list []policy.Reason) string {
	words := make([]string, len(list))
	for i, r := range list {
		words[i] = string(r)
	}
	return strings.Join(words, ", ")
}

// Write sends the problem from a plain handler.
func (p *Problem) Write(w http.ResponseWriter) {
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone
}

// humaProblem is huma.NewError for this module: what huma itself finds wrong
// with a request is told in the same form.
func humaProblem(status int, msg string, errs ...error) huma.StatusError {
	code := shouwang.CodeInternal
	switch {
	case status == http.StatusRequestEntityTooLarge:
		code = shouwang.CodeTooLarge
	case status == http.StatusNotFound:
		code = shouwang.CodeNotFound
	case status >= 400 && status < 500:
		code = shouwang.CodeBadUsage
	}
	p := NewProblem(status, code, msg)
	for _, err := range errs {
		if detail, ok := err.(huma.ErrorDetailer); ok {
			// The value is left out: it may be a password.
			d := detail.ErrorDetail()
			p.Errors = append(p.Errors, fmt.Sprintf("%s: %s", d.Location, d.Message))
			p.Faults = append(p.Faults, faultOf(d))
		}
	}
	return p
}

// faultOf names the field that huma found wrong. A required one that is missing
// is told at its parent, with its name in the words.
func faultOf(d *huma.ErrorDetail) shouwang.Fault {
	_, field, _ := strings.Cut(d.Location, ".")
	if name, missing := requiredOf(d.Message); missing {
		return shouwang.Fault{Field: strings.TrimPrefix(field+"."+name, "."), Why: "missing"}
	}
	for text, why := range humaWhys {
		if strings.HasPrefix(d.Message, text) {
			return shouwang.Fault{Field: field, Why: why}
		}
	}
	return shouwang.Fault{Field: field, Why: "malformed"}
}

// humaWhys are the beginnings of huma's words.
var humaWhys = map[string]string{
	beginning(validation.MsgExpectedMinLength): "short",
	beginning(validation.MsgExpectedMaxLength): "long",
	beginning(validation.MsgExpectedMaxItems):  "long",
	beginning(validation.MsgExpectedOneOf):     "unknown",
}

func beginning(format string) string {
	text, _, _ := strings.Cut(format, "%")
	return text
}

func requiredOf(message string) (name string, missing bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	name, missing = strings.CutPrefix(message, before)
	return strings.TrimSuffix(name, after), missing
}

// RetryAfter is implemented by errors that know when to try again.
type RetryAfter interface{ RetryAfter() time.Duration }
