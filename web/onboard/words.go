package onboard

import (
	_ "embed"
	"encoding/json"
	"errors"
	"net/http"

	"shouwang"
	"shouwang/web/front"
)

//go:embed words.json
var wordsJSON []byte

// words are what a technician reads of a camera's failures, by code and
// language. They are this room's: a camera that refuses a password must not
// read as if the session had ended, one that is away not as if we were.
var words = func() (out map[string]map[string]string) {
	if err := json.Unmarshal(wordsJSON, &out); err != nil {
		panic(err) // embedded: found by any test
	}
	return out
}()

// outward is a camera's failure as the technician is to read it.
func outward(c *front.Caller, err error) error {
	p := *front.ProblemOf(err)
	if text, known := words[string(shouwang.CodeOf(err))]; known {
		var e *shouwang.Error
		if errors.As(err, &e) {
			p.Code, p.Detail = e.Code, e.Message
		}
		p.Type, p.Text = "urn:shouwang:problem:"+string(p.Code), text[c.Lang]
		p.Status, p.Title = http.StatusUnprocessableEntity, http.StatusText(http.StatusUnprocessableEntity)
	}
	return &p
}

// refused returns the first finding that forbids saving, as a problem.
func refused(c *front.Caller, list []Finding) error {
	for _, f := range list {
		if f.Level == "refused" {
			p := front.NewProblem(http.StatusForbidden, shouwang.CodeDenied, "not saved: "+f.Text)
			p.Text = words["factory"][c.Lang]
			return p
		}
	}
	return nil
}
