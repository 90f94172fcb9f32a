package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"testing"
	"testing/fstest"
)

// TestPagesGoCompressed asks for a file in every way a browser or a proxy may.
func TestPagesGoCompressed(t *testing.T) {
	h := pagesOf(fstest.MapFS{
		"index.html":           {Data: []byte("<html>")},
		"assets/a-1.js":        {Data: []byte("plain")},
		"assets/a-1.js.br":     {Data: []byte("brotli")},
		"assets/a-1.js.gz":     {Data: []byte("gzip")},
		"assets/b-1.woff2":     {Data: []byte("font")},
		"assets/only-1.css":    {Data: []byte("css")},
		"assets/only-1.css.gz": {Data: []byte("small")},
	})
	for _, c := range []struct{ path, accept, body, encoding string }{
		{"/assets/a-1.js", "gzip, deflate, br, zstd", "brotli", "br"},
		{"/assets/a-1.js", "gzip, deflate", "gzip", "gzip"},
		{"/assets/a-1.js", "br;q=0, GZIP;q=0.5", "gzip", "gzip"},
		{"/assets/a-1.js", "br;q=0.0, gzip;q=0", "plain", ""},
		{"/assets/a-1.js", "br;q=much", "plain", ""},
		{"/assets/a-1.js", "", "plain", ""},
		{"/assets/a-1.js", "*", "plain", ""},
		{"/assets/b-1.woff2", "br", "font", ""},
		{"/assets/only-1.css", "br, gzip", "small", "gzip"},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.String() != c.body || w.Header().Get("Content-Encoding") != c.encoding || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s accepting %q: %q as %q, want %q as %q", c.path, c.accept, w.Body, w.Header().Get("Content-Encoding"), c.body, c.encoding)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/assets/a-1.js.br", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("the compressed file under its own name: %d, want 404", w.Code)
	}
}

// TestTheBuiltPagesAreSmall sums what the first page of a phone fetches before
// anything else: the page, and what it links to.
func TestTheBuiltPagesAreSmall(t *testing.T) {
	h, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	fetch := func(path string) (body string, size int) {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusServiceUnavailable {
			if os.Getenv("SHOUWANG_CI") == "1" {
				t.Fatal("the pages are not built: run make build")
			}
			t.Skip("the pages are not built: run make build")
		}
		if resp.Header.Get("Content-Encoding") != "gzip" {
			return string(raw), len(raw)
		}
		plain, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), len(raw)
	}
	page, total := fetch("/")
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		_, size := fetch(m[1])
		total += size
	}
	t.Logf("the first page's own files: %d bytes with gzip", total)
	if total > 130<<10 {
		t.Errorf("the first page's own files are %d bytes, want at most 130 KiB: the rest of the 200 kB is the face's", total)
	}
}
