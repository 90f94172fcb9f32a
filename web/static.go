package web

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"shouwang/web/front"
	"strings"
	"time"
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
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if name == "" || !serveFile(w, r, files, name) {
			if strings.HasPrefix(name, "assets/") || strings.HasPrefix(name, "api/") {
				front.NewProblem(http.StatusNotFound, "not_found", "nothing is here").Write(w)
				return
			}
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
	if strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return false
	}
	cache := "no-cache"
	if strings.HasPrefix(name, "assets/") {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return true
}
