package papers

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/internal/canon"
)

// NoticeText is one version of a notice as the register keeps it: what people
// are told before they are asked. A version is never edited; other words are
// another version.
type NoticeText struct {
	ID      string `json:"id"`      // "sharing"
	Version string `json:"version"` // "1"
	// Texts are the same notice in each language (BCP 47, as zh-CN).
	Texts map[string]NoticeBody `json:"texts"`
}

// NoticeBody is a notice in one language.
type NoticeBody struct {
	Title    string          `json:"title"`
	Sections []NoticeSection `json:"sections"`
}

// NoticeSection is one short part of a notice.
type NoticeSection struct {
	Heading string `json:"heading"`
	Text    string `json:"text"`
}

// Ref names the version, as "sharing@1".
func (n *NoticeText) Ref() string { return n.ID + "@" + n.Version }

// Languages returns the languages the notice is written in, sorted.
func (n *NoticeText) Languages() []string {
	out := make([]string, 0, len(n.Texts))
	for l := range n.Texts {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

// Hash returns "sha256:…" of the notice in one language: of the canonical JSON
// (RFC 8785) of its id, version, language, title and sections. It is what a
// consent names, so that anyone can check later what was shown. A language
// that the notice is not written in has none.
func (n *NoticeText) Hash(language string) (string, error) {
	body, ok := n.Texts[language]
	if !ok {
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "notice %s is not written in %q; it is in %s", n.Ref(), language, strings.Join(n.Languages(), ", "))
	}
	text, err := canon.JSON(struct {
		ID       string          `json:"id"`
		Version  string          `json:"version"`
		Language string          `json:"language"`
		Title    string          `json:"title"`
		Sections []NoticeSection `json:"sections"`
	}{n.ID, n.Version, language, body.Title, body.Sections})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Validate reports a notice that nobody could be shown, with code bad_config.
// Chinese must be among the languages.
func (n *NoticeText) Validate() error {
	if n.ID == "" || n.Version == "" || strings.ContainsAny(n.ID+n.Version, "@/ ") || len(n.ID)+len(n.Version) > 100 {
		return shouwang.Errorf(shouwang.CodeBadConfig, "notice %q: give it an id and a version without @, / or blanks", n.Ref())
	}
	if _, ok := n.Texts[policy.Chinese]; !ok {
		return shouwang.Errorf(shouwang.CodeBadConfig, "notice %s: it must be written in %s at least", n.Ref(), policy.Chinese)
	}
	for language, body := range n.Texts {
		if body.Title == "" || len(body.Sections) == 0 {
			return shouwang.Errorf(shouwang.CodeBadConfig, "notice %s in %s: it has no title or no sections", n.Ref(), language)
		}
	}
	return nil
}

// Check reports a notice as an answer names it that is not this one, word for
// word, with code conflict.
func (n *NoticeText) Check(shown *policy.Notice) error {
	want, err := n.Hash(shown.Language)
	if err != nil {
		return err
	}
	if shown.ID != n.ID || shown.Version != n.Version || shown.Hash != want {
		return shouwang.Errorf(shouwang.CodeConflict, "the notice that was shown is not %s in %s; read the invitation again", n.Ref(), shown.Language)
	}
	return nil
}

//go:embed notices/*.json
var noticeFiles embed.FS

// DefaultNotices returns the notices that come with the program. A township
// imports its own beside them.
func DefaultNotices() []*NoticeText { return slices.Clone(builtinNotices()) }

var builtinNotices = sync.OnceValue(func() (out []*NoticeText) {
	files, err := noticeFiles.ReadDir("notices")
	if err != nil {
		return nil // a test reads them: this cannot ship
	}
	for _, f := range files {
		raw, err := noticeFiles.ReadFile(path.Join("notices", f.Name()))
		n := new(NoticeText)
		if err != nil || json.Unmarshal(raw, n) != nil {
			continue
		}
		out = append(out, n)
	}
	return out
})
