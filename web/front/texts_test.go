package front

import "testing"

func TestEveryReasonHasWordsInBothLanguages(t *testing.T) {
	all, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	if all[ReasonFirstPassword] == nil {
		t.Errorf("%s has no words", ReasonFirstPassword)
	}
	for reason, words := range all {
		if words["zh-CN"] == "" || words["en"] == "" {
			t.Errorf("%s lacks a language", reason)
		}
	}
}
