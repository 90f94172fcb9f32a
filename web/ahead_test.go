package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"testing/fstest"
)

func link(h http.Handler, path, language string) string {
	r := httptest.NewRequest(http.MethodGet, path, nil)
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
		if got := link(h, c.path, c.language); got != c.want {
			t.Errorf("%s in %q:\n got %s\nwant %s", c.path, c.language, got, c.want)
		}
	}
	if got := link(pagesOf(fstest.MapFS{"index.html": {}, "ahead.json": {Data: []byte("{")}}), "/my", "en"); got != "" {
		t.Errorf("a file that is none: %s", got)
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
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, m[1], nil))
			if w.Code != http.StatusOK {
				t.Errorf("%s names %s ahead: %d", path, m[1], w.Code)
			}
		}
	}
}
