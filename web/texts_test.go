package web

import (
	"testing"

	"shouwang/policy"
)

func TestOwnReasonsHaveWordsInBothLanguages(t *testing.T) {
	all, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []policy.Reason{ReasonObligation, ReasonNoRenderer, ReasonNoGrant, ReasonFirstPassword} {
		if all[r]["zh-CN"] == "" || all[r]["en"] == "" {
			t.Errorf("%s has no words", r)
		}
	}
}
