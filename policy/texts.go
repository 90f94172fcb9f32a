package policy

import (
	_ "embed"
	"encoding/json"
	"sync"

	"shouwang"
)

// The languages that texts are written in.
const (
	Chinese = "zh-CN"
	English = "en"
)

// Audience of a text: who asked, or whose camera it is.
type audience string

const (
	forOfficer  audience = "officer"
	forResident audience = "resident"
)

//go:embed texts.json
var textsJSON []byte

// wording holds a sentence for each reason, audience and language.
var wording = sync.OnceValue(func() map[Reason]map[audience]map[string]string {
	var table map[Reason]map[audience]map[string]string
	if err := json.Unmarshal(textsJSON, &table); err != nil {
		return nil // a test reads the table: this cannot ship
	}
	return table
})

// TextForOfficer returns the sentence that tells the asking officer the reason,
// in the language given; an unknown language is answered in Chinese, an
// unknown reason with its constant.
func TextForOfficer(r Reason, language string) string { return text(r, forOfficer, language) }

// TextForResident returns the sentence that tells the camera's owner the reason.
func TextForResident(r Reason, language string) string { return text(r, forResident, language) }

func text(r Reason, who audience, language string) string {
	row := wording()[r][who]
	if s := row[language]; s != "" {
		return s
	}
	if s := row[Chinese]; s != "" {
		return s
	}
	return string(r)
}

// Texts returns what the decision's most telling reason says to the officer
// and to the resident, in the language given.
func (d Decision) Texts(language string) (officer, resident string) {
	if len(d.Reasons) == 0 {
		return "", ""
	}
	return TextForOfficer(d.Reasons[0], language), TextForResident(d.Reasons[0], language)
}

// Denial returns the decision as an error with code denied; nil where it allows.
func (d Decision) Denial() error {
	if d.Allowed() {
		return nil
	}
	return shouwang.Errorf(shouwang.CodeDenied, "%s", d.TextForOfficer)
}
