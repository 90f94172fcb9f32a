package policy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestEveryReasonHasItsTexts(t *testing.T) {
	for _, r := range Reasons() {
		for _, who := range []audience{forOfficer, forResident} {
			zh, en := wording()[r][who][Chinese], wording()[r][who][English]
			if !strings.ContainsFunc(zh, func(c rune) bool { return unicode.Is(unicode.Han, c) }) || len(en) < 8 ||
				strings.ContainsFunc(en, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
				t.Errorf("%s for %s: %q / %q", r, who, zh, en)
			}
		}
	}
	for r := range wording() {
		if !r.Known() {
			t.Errorf("text for %q, which is no reason", r)
		}
	}
	if TextForOfficer(ReasonSlot, "fr") != TextForOfficer(ReasonSlot, Chinese) || TextForResident("x", English) != "x" {
		t.Error("an unknown language or reason has no answer")
	}
}

// TestReasonsAreAllListed finds every Reason constant of the package.
func TestReasonsAreAllListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reasons.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && strings.HasPrefix(spec.Names[0].Name, "Reason") {
			found++
			if name, _ := strconv.Unquote(lit.Value); !Reason(name).Known() {
				t.Errorf("%s is not in reasonOrder", spec.Names[0].Name)
			}
		}
		return true
	})
	if found != len(reasonOrder) || found != len(reasonRank) {
		t.Errorf("%d constants, %d in order, %d distinct", found, len(reasonOrder), len(reasonRank))
	}
}
