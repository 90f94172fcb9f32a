package front

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

// TextFor is the decision in words for the caller, in the caller's language.
func (f *Front) TextFor(c *Caller, d *policy.Decision) string {
	if len(d.Reasons) > 0 {
		if own, ok := f.texts[d.Reasons[0]][c.Lang]; ok {
			return own
		}
	}
	officer, resident := d.Texts(c.Lang)
	if c.Who.Type == policy.TypeResident {
		return resident
	}
	return officer
}

// ReasonFirstPassword says that the first password must be replaced.
const ReasonFirstPassword policy.Reason = "password_change_required"
