package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shouwang/web/front"
)

func link(h http.Handler, path, language string, cookies ...*http.Cookie) string {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	r.Header.Set("Accept-Language", language)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Header().Get("Link")
}

// TestFilesAreNamedAhead: for the address and the language, each once, and
// nothing for what is no page.
func TestFilesAreNamedAhead(t *testing.T) {
	h := pagesOf(fstest.MapFS{
		"index.html":    {Data: []byte("<html>")},
		"assets/m-1.js": {Data: []byte("js")},
		"ahead.json": {Data: []byte(`{"pages":[{"path":"/my/:id/masks","files":["assets/m-1.js","assets/m-1.css"]},
			{"path":"/rules/:camera?","files":["assets/r-1.js"],"desk":true},{"path":"/:rest(.*)*","files":["assets/lost-1.js"]}],
			"languages":{"zh-CN":["assets/zh-1.js","assets/m-1.js"],"en":["assets/en-1.js"]},"desk":{"en":["assets/desk-en-1.js"]}}`)},
	})
	const masks = `</assets/m-1.js>; rel=modulepreload; crossorigin, </assets/m-1.css>; rel=preload; as=style; crossorigin`
	const zh, en = `</assets/zh-1.js>; rel=modulepreload; crossorigin`, `</assets/en-1.js>; rel=modulepreload; crossorigin`
	const m, rules = `, </assets/m-1.js>; rel=modulepreload; crossorigin`, `</assets/r-1.js>; rel=modulepreload; crossorigin`
	const desk = `</assets/desk-en-1.js>; rel=modulepreload; crossorigin`
	const who = `, </api/session>; rel=preload; as=fetch; crossorigin`
	for _, c := range []struct{ path, language, want string }{
		{"/my/door-17/masks", "zh-CN,zh;q=0.9,en;q=0.8", masks + ", " + zh},
		{"/my/door-17/masks/", "EN-gb;q=0.9, zh", masks + ", " + en},
		{"/my/door-17/masks", "fr, de", masks + ", " + zh},
		{"/rules", "en", rules + ", " + en + ", " + desk},
		{"/rules/gate", "en", rules + ", " + en + ", " + desk},
		{"/rules/gate/more", "en", en},
		{"/nowhere", "", zh + m},
		{"/assets/m-1.js", "en", ""},
	} {
		if c.want != "" {
			c.want += who
		}
		if got := link(h, c.path, c.language); got != c.want {
			t.Errorf("%s in %q:\n got %s\nwant %s", c.path, c.language, got, c.want)
		}
	}
	if got := link(h, "/rules", "zh-CN", &http.Cookie{Name: front.LanguageCookie, Value: "en"}); got != rules+", "+en+", "+desk+who {
		t.Errorf("the language that was chosen counts for nothing: %s", got)
	}
	if got := link(pagesOf(fstest.MapFS{"index.html": {}, "ahead.json": {Data: []byte("{")}}), "/my", "en"); got != "" {
		t.Errorf("a file that is none: %s", got)
	}
}

// TestAnswersAreAskedAhead: what a page asks first, for whoever has signed in or
// where nobody needs to; a path is a part of an address and never more of the header.
func TestAnswersAreAskedAhead(t *testing.T) {
	h := pagesOf(fstest.MapFS{"index.html": {Data: []byte("<html>")}, "ahead.json": {Data: []byte(`{"pages":[
		{"path":"/my/:id/looks","files":["assets/l.js"],"asks":["/api/my/cameras","/api/my/cameras/:id/looks"]},
		{"path":"/join/:token","files":["assets/j.js"],"asks":["/api/join/:token"],"open":true}]}`)}})
	signedIn := &http.Cookie{Name: front.CookieName, Value: "token"}
	for _, c := range []struct {
		path    string
		cookies []*http.Cookie
		want    []string
	}{
		{"/my/door-17/looks", []*http.Cookie{signedIn}, []string{"/api/session", "/api/my/cameras", "/api/my/cameras/door-17/looks"}},
		{"/my/door-17/looks", nil, []string{"/api/session"}},
		{"/join/abc", nil, []string{"/api/session", "/api/join/abc"}},
		{"/join/a%3E;%20rel=x,%0a", nil, []string{"/api/session", "/api/join/a%3E%3B%20rel=x%2C%0A"}},
	} {
		var got []string
		for _, m := range regexp.MustCompile(`<(/api/[^>]+)>; rel=preload; as=fetch; crossorigin`).FindAllStringSubmatch(link(h, c.path, "en", c.cookies...), -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s with %d cookies asks %q, want %q", c.path, len(c.cookies), got, c.want)
		}
	}
}

// TestTheBuildNamesWhatThereIs holds the built pages to it: every file that the
// phone's first pages name ahead can be fetched.
func TestTheBuildNamesWhatThereIs(t *testing.T) {
	h, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/sign-in", "/my", "/join/abc", "/my/door-17/looks"} {
		got := regexp.MustCompile(`<([^>]+)>`).FindAllStringSubmatch(link(h, path, "zh-CN"), -1)
		if len(got) < 3 {
			if os.Getenv("SHOUWANG_CI") != "1" {
				t.Skip("the pages are not built: run make build")
			}
			t.Fatalf("%s names %d files ahead", path, len(got))
		}
		for _, m := range got {
			if strings.HasPrefix(m[1], "/api/") {
				continue // another handler's
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, m[1], nil))
			if w.Code != http.StatusOK {
				t.Errorf("%s names %s ahead: %d", path, m[1], w.Code)
			}
		}
	}
}
