package web

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"
)

// ahead is what the build says each address and language needs beyond the first
// script's own files (web/ui/dev/ahead.mjs).
type ahead struct {
	Pages []struct {
		Path  string   `json:"path"` // as the router writes it: /my/:id/masks, /rules/:camera?
		Files []string `json:"files"`
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
// preload as HTML has them), in the browser's first language of ours: the very
// rule of the page (web/ui/src/i18n).
func (a *ahead) tell(h http.Header, path, accept string) {
	var links []string
	seen := map[string]bool{}
	page, desk := a.page(path)
	lists := [][]string{page, a.Languages[firstLanguage(accept)]}
	if desk {
		lists = append(lists, a.Desk[firstLanguage(accept)])
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
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
		h.Add("Vary", "Accept-Language")
	}
}

func (a *ahead) page(path string) (files []string, desk bool) {
	for _, p := range a.Pages {
		if routed(p.Path, path) {
			return p.Files, p.Desk
		}
	}
	return nil, false
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

// firstLanguage is the page's own rule: the first of the browser's languages
// that we speak, else Chinese.
func firstLanguage(accept string) string {
	for tag := range strings.SplitSeq(accept, ",") {
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), ";")
		tag, _, _ = strings.Cut(tag, "-")
		switch tag {
		case "zh":
			return "zh-CN"
		case "en":
			return "en"
		}
	}
	return "zh-CN"
}
