package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"shouwang"
	"shouwang/web/front"
)

//go:embed all:ui/dist
var built embed.FS

// notBuilt is shown where the browser's code is missing from the binary.
const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shouwang</title>
<h1>Shouwang</h1><p>The pages are not in this binary. Run <code>make build</code> and start it again; the API works meanwhile.</p></html>
`

// pages serves the browser's code out of the binary: files that exist as they
// are, every other path as the one page, which finds its way by itself. Names
// under assets/ carry their content's hash and never change.
func pages() (http.Handler, error) {
	files, err := fs.Sub(built, "ui/dist")
	if err != nil {
		return nil, err
	}
	return pagesOf(files), nil
}

func pagesOf(files fs.FS) http.Handler {
	next := readAhead(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if strings.HasPrefix(r.URL.Path, "/api/") {
				front.NewProblem(http.StatusMethodNotAllowed, shouwang.CodeBadUsage, "this address does not take "+r.Method+": /api/openapi.json lists what there is").Write(w)
				return
			}
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "verify" { // a page of its own, that needs nothing of the others
			if !strings.HasSuffix(r.URL.Path, "/") {
				http.Redirect(w, r, "/verify/", http.StatusMovedPermanently)
				return
			}
			name = "verify/index.html"
		}
		if name == "" || !serveFile(w, r, files, name) {
			if strings.HasPrefix(name, "assets/") || strings.HasPrefix(name, "api/") {
				front.NewProblem(http.StatusNotFound, "not_found", "nothing is here").Write(w)
				return
			}
			next.tell(w.Header(), r)
			if !serveFile(w, r, files, "index.html") {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Cache-Control", "no-store")
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = w.Write([]byte(notBuilt))
			}
		}
	})
}

// serveFile answers with a file and reports whether there is one.
func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS, name string) bool {
	if strings.HasPrefix(path.Base(name), ".") || precompressed(name) {
		return false
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return false
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	if smaller, encoding := encoded(files, name, r.Header.Get("Accept-Encoding")); smaller != nil && r.Header.Get("Range") == "" {
		h.Set("Content-Encoding", encoding)
		data = smaller
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return true
}

// encodings are what the build wrote beside each text file, the smallest first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func precompressed(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// encoded returns the smallest form of a file that the browser takes (RFC 9110,
// 12.5.3), or nil where the file goes as it is.
func encoded(files fs.FS, name, accept string) ([]byte, string) {
	for _, e := range encodings {
		if !accepts(accept, e.name) {
			continue
		}
		if data, err := fs.ReadFile(files, name+e.suffix); err == nil {
			return data, e.name
		}
	}
	return nil, ""
}

// accepts reports whether an Accept-Encoding names the encoding with a weight
// above nought. "*" is not looked for: whoever takes anything takes the file
// as it is.
func accepts(accept, encoding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		_, q, weighted := strings.Cut(weight, "=")
		value, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return !weighted || err == nil && value > 0
	}
	return false
}
