package front

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// CookieName is the session cookie; it holds the token and nothing else does.
const CookieName = "shouwang"

// LanguageCookie is the language that somebody chose on the pages (zh-CN or en).
// A browser that is told to ask something ahead of the page's script sends it,
// and no header of the script's.
const LanguageCookie = "shouwang-language"

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
	t := Transport{Lang: LanguageOf(r), Remote: r.RemoteAddr, Secure: r.TLS != nil}
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

// LanguageOf is the language that a request is answered in: the one chosen on the
// pages, else [Language] of what the browser names.
func LanguageOf(r *http.Request) string {
	if c, err := r.Cookie(LanguageCookie); err == nil && (c.Value == "zh-CN" || c.Value == "en") {
		return c.Value
	}
	return Language(r.Header.Get("Accept-Language"))
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
