package shouwang

import (
	"net/url"
	"strings"
)

// RedactURL returns a camera address that may be shown: the user name,
// password and query are cut. An address that does not parse is not echoed,
// since a part of it may be a password.
func RedactURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" {
		return "(unreadable address)"
	}
	out := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return out.String()
}
