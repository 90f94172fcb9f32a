package shouwang

import (
	"errors"
	"fmt"
)

// Code is a stable name for a kind of failure: what scripts, metrics and the
// API's problem documents rely on.
type Code string

// The codes. The text behind each says what to do about it.
const (
	CodeBadUsage         Code = "bad_usage"
	CodeBadConfig        Code = "bad_config"
	CodeBadAddress       Code = "bad_address"
	CodeAddressForbidden Code = "address_forbidden"
	CodeUnreachable      Code = "camera_unreachable"
	CodeWrongPassword    Code = "camera_wrong_password"
	CodeNoVideo          Code = "camera_no_video"
	CodeBadCodec         Code = "unsupported_codec"
	CodeStalled          Code = "camera_stalled"
	CodeBadStream        Code = "bad_stream"
	CodePoison           Code = "poison_stream"
	CodeDenied           Code = "denied"
	CodeNotFound         Code = "not_found"
	CodeConflict         Code = "conflict"
	CodeUnauthenticated  Code = "unauthenticated"
	CodeLoginTaken       Code = "login_taken"
	CodeWeakPassword     Code = "weak_password"
	CodeOldPassword      Code = "wrong_old_password"
	CodeRateLimited      Code = "rate_limited"
	CodeTooLarge         Code = "too_large"
	CodeDiskFull         Code = "disk_full"
	CodeDataUnreadable   Code = "data_unreadable"
	CodePortInUse        Code = "port_in_use"
	CodeNoAnalyzer       Code = "analyzer_missing"
	CodeKeyDestroyed     Code = "key_destroyed"
	CodeTampered         Code = "tampered"
	CodeAuditUnavailable Code = "audit_unavailable"
	CodeStorageAway      Code = "storage_unavailable"
	CodeOverloaded       Code = "overloaded"
	CodeInternal         Code = "internal"
)

// Error is a failure that a person or a program is meant to act on.
type Error struct {
	Code Code
	// Message is one line that says what is wrong and what to do. It holds no
	// credential.
	Message string
	Err     error
	// Faults name the fields of a form that are wrong, where it is about fields.
	Faults []Fault
}

// Fault is what is wrong with one field of a form. Both are stable names; what a
// person reads is the page's.
type Fault struct {
	Field string `json:"field" doc:"The field, as the request names it"`
	Why   string `json:"why" doc:"missing, unknown, taken, malformed, short, long, not_for_kind, or what the field's own rules name"`
}

// Errorf makes an Error; a %w verb keeps its cause for errors.Is and As.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// At names the field that the error is about and what is wrong with it.
func (e *Error) At(field, why string) *Error {
	e.Faults = append(e.Faults, Fault{field, why})
	return e
}

// Faulty makes one error of all that is wrong with a form: the first one's code
// and words, and everybody's faults. It is nil when nothing is wrong.
func Faulty(wrong []*Error) error {
	if len(wrong) == 0 {
		return nil
	}
	all := *wrong[0]
	all.Faults = nil
	for _, e := range wrong {
		all.Faults = append(all.Faults, e.Faults...)
	}
	return &all
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first Error in err's chain, CodeInternal for
// any other error and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
