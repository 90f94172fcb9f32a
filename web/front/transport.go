package front

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// CookieName is the session cookie; it holds the token and nothing else does.
const CookieName = "shouwang"

// Transport is what a request brought along, for handlers behind huma: the
// session's token, the language (zh-CN or en), the remote address with its
// port, and whether it came over TLS.
type Transport struct {
	Token  string
	Lang   string
	Remote string
	Secure bool
}

type transportKey struct{}

// Noted returns the context with the request's cookie, language and address.
func Noted(r *http.Request) context.Context {
	t := Transport{Lang: Language(r.Header.Get("Accept-Language")), Remote: r.RemoteAddr, Secure: r.TLS != nil}
	if c, err := r.Cookie(CookieName); err == nil && len(c.Value) <= 128 {
		t.Token = c.Value
	}
	return context.WithValue(r.Context(), transportKey{}, t)
}

// TransportOf returns what [Noted] put into the context.
func TransportOf(ctx context.Context) Transport {
	t, _ := ctx.Value(transportKey{}).(Transport)
	return t
}

// Language picks Chinese or English: whichever the browser names first,
// Chinese when it names neither.
func Language(accept string) string {
	for tag := range strings.SplitSeq(strings.ToLower(accept), ",") {
		switch tag = strings.TrimSpace(tag); {
		case strings.HasPrefix(tag, "zh"):
			return "zh-CN"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "zh-CN"
}

// HostOf cuts the port off an address.
func HostOf(addr string) string {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return host
}

type requestIDKey struct{}

// WithRequestID returns the context with the id that the log names a request by.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of [WithRequestID], or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
