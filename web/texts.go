package web

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"shouwang/policy"
)

//go:embed texts.json
var textsJSON []byte

// texts are this room's own reasons in words, by reason and language; the
// policy has the words of its own.
type texts map[policy.Reason]map[string]string

func readTexts() (texts, error) {
	var t texts
	if err := json.Unmarshal(textsJSON, &t); err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return t, nil
}

// textFor is the decision in words for the caller, in the caller's language.
func (s *Server) textFor(c *caller, d *policy.Decision) string {
	if len(d.Reasons) > 0 {
		if own, ok := s.texts[d.Reasons[0]][c.lang]; ok {
			return own
		}
	}
	officer, resident := d.Texts(c.lang)
	if c.who.Type == policy.TypeResident {
		return resident
	}
	return officer
}
