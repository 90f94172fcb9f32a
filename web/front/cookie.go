package front

import (
	"net/http"
	"time"
)

// SessionCookie holds a session's token: unreadable for scripts, never sent
// from other sites, over TLS only where there is TLS. The empty token takes the
// cookie away.
func SessionCookie(token string, expires time.Time, secure bool) http.Cookie {
	c := http.Cookie{
		Name: CookieName, Value: token, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	} else if !expires.IsZero() {
		c.Expires = expires
	}
	return c
}
