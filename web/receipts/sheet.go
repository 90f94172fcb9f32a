package receipts

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
)

//go:embed words.json
var wordsJSON []byte

// words are the sheet's sentences by language and name.
var words = sync.OnceValue(func() map[string]map[string]string {
	var table map[string]map[string]string
	if err := json.Unmarshal(wordsJSON, &table); err != nil {
		return nil // a test reads the table: this cannot ship
	}
	return table
})

const (
	left     = 56.0
	right    = pageWidth - left
	codeSize = 250.0
)

// sheet sets a receipt on one page of A4: what a person reads, the code that
// proves it, and how to check.
func sheet(p *Paper, cam *policy.Camera, lang string, zone *time.Location, key string) ([]byte, error) {
	modules, err := qr(p.Signed)
	if err != nil {
		return nil, err
	}
	w := words()[lang]
	if w == nil {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "language %q: write zh-CN or en", lang)
	}
	var pg page
	pg.text(left, 80, 24, w["title"])
	pg.text(left, 102, 10, w["subtitle"])
	pg.line(left, 114, right)
	y := 142.0
	for _, row := range rows(p, cam, lang, w, zone) {
		pg.text(left, y, 11, row[0])
		for _, line := range fold(row[1], 30) {
			pg.text(left+130, y, 12, line)
			y += 18
		}
		y += 4
	}
	pg.line(left, y, right)
	pg.modules((pageWidth-codeSize)/2, y+18, codeSize, modules)
	y += codeSize + 44
	for _, line := range strings.Split(w["check"], "\n") {
		pg.text(left, y, 9, line)
		y += 13
	}
	pg.text(left, y+2, 8, key)
	return pg.file(w["title"] + " " + p.ID), nil
}

func rows(p *Paper, cam *policy.Camera, lang string, w map[string]string, zone *time.Location) [][2]string {
	name := cam.Name
	if lang == "en" && cam.NameEn != "" || name == "" {
		name = cam.NameEn
	}
	at := func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04 MST") }
	out := [][2]string{
		{w["id"], p.ID},
		{w["at"], at(p.At)},
		{w["camera"], strings.TrimSpace(name + " (" + p.Camera + ")")},
		{w["consent"], p.Consent},
		{w["state"], w["state_"+string(p.State)]},
		{w["keys"], fmt.Sprint(p.Keys)},
		{w["erased"], fmt.Sprintf(w["erased_value"], p.Segments, float64(p.Bytes)/1e6)},
	}
	if len(p.Held) == 0 {
		out = append(out, [2]string{w["held"], w["held_none"]})
	}
	for _, h := range p.Held {
		out = append(out, [2]string{w["held"], fmt.Sprintf(w["held_value"], h.Case, at(h.Until))})
	}
	return out
}

// fold breaks a value after at most n wide columns, so that none leaves the
// page: a Chinese character counts two, as it is set twice as wide.
func fold(s string, n int) (lines []string) {
	wide, from := 0, 0
	for i, c := range s {
		w := 1
		if c >= 0x2e80 {
			w = 2
		}
		if wide+w > 2*n {
			lines, from, wide = append(lines, s[from:i]), i, 0
		}
		wide += w
	}
	return append(lines, s[from:])
}
