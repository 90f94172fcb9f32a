package notices

import (
	_ "embed"
	"encoding/json"
	"strings"
	"unicode"
)

//go:embed texts.json
var textsJSON []byte

// words are the texts by language and key.
type words map[string]map[string]string

func readWords() (words, error) {
	var w words
	err := json.Unmarshal(textsJSON, &w)
	return w, err
}

// say fills a text: pairs are a name and what stands for {name}. What is filled
// in stays on its line, whatever somebody called a camera.
func (w words) say(lang, key string, pairs ...string) string {
	if w[lang] == nil {
		lang = "zh-CN"
	}
	filled := make([]string, len(pairs))
	for i, p := range pairs {
		if i%2 == 0 {
			filled[i] = "{" + p + "}"
		} else {
			filled[i] = plain(p)
		}
	}
	return strings.NewReplacer(filled...).Replace(w[lang][key])
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// Texts returns the texts by language and key.
func Texts() map[string]map[string]string {
	w, err := readWords()
	if err != nil {
		panic(err) // embedded
	}
	return w
}
