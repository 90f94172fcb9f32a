package front

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTheLanguageChosenCounts: before what the browser says, and only if it is one of ours.
func TestTheLanguageChosenCounts(t *testing.T) {
	for _, c := range []struct{ cookie, header, want string }{
		{"en", "zh-CN", "en"}, {"zh-CN", "en", "zh-CN"}, {"", "en-GB, zh", "en"}, {"<script>", "en", "en"}, {"fr", "fr", "zh-CN"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", c.header)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: LanguageCookie, Value: c.cookie})
		}
		if got := LanguageOf(r); got != c.want {
			t.Errorf("cookie %q, header %q: %s, want %s", c.cookie, c.header, got, c.want)
		}
	}
}
