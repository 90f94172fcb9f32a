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
}

// Errorf makes an Error; a %w verb keeps its cause for errors.Is and As.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
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
