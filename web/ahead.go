package web

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"shouwang/web/front"
)

// ahead is what the build says each address and language needs beyond the first
// script's own files (web/ui/dev/ahead.mjs).
type ahead struct {
	Pages []struct {
		Path  string   `json:"path"` // as the router writes it: /my/:id/masks, /rules/:camera?
		Files []string `json:"files"`
		Asks  []string `json:"asks"` // what the page asks the API first: /api/my/cameras/:id/looks
		Open  bool     `json:"open"` // it is for everybody, signed in or not
		Desk  bool     `json:"desk"` // it says what only desks say
	} `json:"pages"`
	Languages map[string][]string `json:"languages"`
	Desk      map[string][]string `json:"desk"` // the same of what only desks say
}

// readAhead returns what the build wrote; nothing is named ahead where it wrote
// nothing, and the pages come as fast as they did.
func readAhead(files fs.FS) (a ahead) {
	raw, err := fs.ReadFile(files, "ahead.json")
	if err != nil || json.Unmarshal(raw, &a) != nil {
		return ahead{}
	}
	return a
}

// tell names the files in the answer's Link header (RFC 8288; modulepreload and
// preload as HTML has them), in the page's language, by its own rule
// (web/ui/src/i18n); and what the page asks the API first, who
// is signed in before all, so that answers come beside the scripts. Nothing of
// somebody's own is asked where nobody has signed in.
func (a *ahead) tell(h http.Header, r *http.Request) {
	var links []string
	seen := map[string]bool{}
	path, lang := r.URL.Path, front.LanguageOf(r)
	files, asks, open, desk := a.page(path)
	lists := [][]string{files, a.Languages[lang]}
	if desk {
		lists = append(lists, a.Desk[lang])
	}
	for _, list := range lists {
		for _, f := range list {
			if seen[f] {
				continue
			}
			seen[f] = true
			as := "modulepreload"
			if strings.HasSuffix(f, ".css") {
				as = "preload; as=style"
			}
			links = append(links, "</"+f+">; rel="+as+"; crossorigin")
		}
	}
	if len(links) == 0 {
		return
	}
	if _, err := r.Cookie(front.CookieName); err != nil && !open {
		asks = nil
	}
	for _, address := range append([]string{"/api/session"}, asks...) {
		links = append(links, "<"+address+">; rel=preload; as=fetch; crossorigin")
	}
	h.Set("Link", strings.Join(links, ", "))
	h.Add("Vary", "Accept-Language, Cookie")
}

// page returns what is known of the page at a path: its files, its questions with
// the path's own parts in the place of the router's names, and its kind.
func (a *ahead) page(path string) (files, asks []string, open, desk bool) {
	for _, p := range a.Pages {
		if !routed(p.Path, path) {
			continue
		}
		for _, q := range p.Asks {
			asks = append(asks, filled(q, p.Path, path))
		}
		return p.Files, asks, p.Open, p.Desk
	}
	return nil, nil, false, false
}

// filled puts the parts of a path that the router's pattern names into an address.
func filled(address, pattern, path string) string {
	names, given := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	for i, name := range names {
		if strings.HasPrefix(name, ":") && i < len(given) {
			address = strings.ReplaceAll(address, name, url.PathEscape(given[i]))
		}
	}
	return address
}

// routed reports whether the router's pattern is for the path: a part of its own
// for each ":name", which may be missing for ":name?"; "*" patterns are nobody's.
func routed(pattern, path string) bool {
	parts, given := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if n := len(parts); strings.HasSuffix(pattern, "?") && len(given) == n-1 {
		parts = parts[:n-1]
	}
	if len(parts) != len(given) || strings.Contains(pattern, "*") {
		return false
	}
	for i, p := range parts {
		if p != given[i] && !strings.HasPrefix(p, ":") {
			return false
		}
	}
	return true
}
