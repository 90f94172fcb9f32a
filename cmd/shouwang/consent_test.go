package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/storage/notary"
)

func lifeOfAConsent(t *testing.T) []*policy.Consent {
	t.Helper()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	by := func(day int) policy.Change {
		return policy.Change{At: at.AddDate(0, 0, day), By: "resident:mei", Channel: "app", NoticeVersion: "1"}
	}
	must := func(c *policy.Consent, err error) *policy.Consent {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	asked := must(policy.NewConsent(policy.Consent{ID: "c-1", Camera: "camera:door", Purpose: "public_safety", Basis: "consent", RetentionDays: 7}, by(0)))
	given := must(asked.Give(by(1), func(c *policy.Consent) { c.Modes = []policy.Mode{policy.ModeLive}; c.Slots = policy.DailyHours(6, 22) }))
	return []*policy.Consent{asked, given, must(given.Withdraw(by(2)))}
}

// TestConsentVerify needs a file and a key: nothing runs, nothing is asked.
func TestConsentVerify(t *testing.T) {
	n, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	export := func(change func(*record)) string {
		versions := lifeOfAConsent(t)
		paper, err := papers.NewRecordPaper(versions, time.Unix(1.8e9, 0))
		if err != nil {
			t.Fatal(err)
		}
		text, err := paper.Text()
		if err != nil {
			t.Fatal(err)
		}
		r := record{Versions: versions}
		if r.Signed, err = n.Sign(text); err != nil {
			t.Fatal(err)
		}
		change(&r)
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	verify := func(in string, args ...string) (int, string) {
		var o, e strings.Builder
		code := run(context.Background(), append([]string{"consent", "verify", "-"}, args...), app{strings.NewReader(in), &o, &e})
		return code, o.String() + e.String()
	}
	whole := export(func(*record) {})
	if code, out := verify(whole, "--key", n.Key()); code != 0 || !strings.Contains(out, "c-1@3") || !strings.Contains(out, "同意记录有效") {
		t.Errorf("whole: %d %s", code, out)
	}
	if code, out := verify(whole, "--key", n.Key(), "--json"); code != 0 || !strings.Contains(out, `"Versions":3`) {
		t.Errorf("json: %d %s", code, out)
	}
	other, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := verify(whole, "--key", other.Key()); code != 1 {
		t.Errorf("another house's key: %d", code)
	}
	for what, change := range map[string]func(*record){
		"a word changed":      func(r *record) { r.Versions[1].RetentionDays = 30 },
		"the last left out":   func(r *record) { r.Versions = r.Versions[:2] },
		"the first left out":  func(r *record) { r.Versions = r.Versions[1:] },
		"one left out within": func(r *record) { r.Versions = append(r.Versions[:1:1], r.Versions[2]) },
		"reordered":           func(r *record) { r.Versions[0], r.Versions[1] = r.Versions[1], r.Versions[0] },
		"nothing":             func(r *record) { r.Versions = nil },
		"a hole":              func(r *record) { r.Versions[1] = nil },
		"not signed":          func(r *record) { r.Signed = "" },
		"another paper":       func(r *record) { r.Signed, _ = n.Sign("守望回执 shouwang receipt v1\n") },
		"signature cut":       func(r *record) { r.Signed = r.Signed[:len(r.Signed)-4] },
		"another number":      func(r *record) { r.Signed = strings.Replace(r.Signed, "versions: 3", "versions: 2", 1) },
	} {
		if code, out := verify(export(change), "--key", n.Key()); code != 1 || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %d %s", what, code, out)
		}
	}
	for _, nonsense := range []string{"", "null", "[]", `{"signed":7}`, `{"versions":[{}],"signed":"x"}`} {
		if code, _ := verify(nonsense, "--key", n.Key()); code != 1 {
			t.Errorf("%q: %d", nonsense, code)
		}
	}
	if code, _ := verify(whole); code != 2 {
		t.Errorf("without a key: %d", code)
	}
}

func TestANoticeThatWasNotShownIsFound(t *testing.T) {
	shown := &papers.NoticeText{ID: "sharing", Version: "1", Texts: map[string]papers.NoticeBody{"en": {Title: "Sharing", Sections: []papers.NoticeSection{{Heading: "What", Text: "Your door."}}}}}
	hash, err := shown.Hash("en")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := policy.NewConsent(policy.Consent{
		ID: "c-1", Camera: "camera:door", Purpose: "public_safety", Basis: "consent", RetentionDays: 7,
		Notice: &policy.Notice{ID: "sharing", Version: "1", Hash: hash, Language: "en"},
	}, policy.Change{At: time.Unix(1.7e9, 0), By: "resident:mei", Channel: "app"})
	if err != nil {
		t.Fatal(err)
	}
	versions := []*policy.Consent{asked}
	paper, err := papers.NewRecordPaper(versions, time.Unix(1.8e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := paper.Check(versions, []*papers.NoticeText{shown}); err != nil {
		t.Error(err)
	}
	shown.Texts["en"] = papers.NoticeBody{Title: "Sharing", Sections: []papers.NoticeSection{{Heading: "What", Text: "Your street."}}}
	if err := paper.Check(versions, []*papers.NoticeText{shown}); err == nil {
		t.Error("another text passes for the one that was shown")
	}
}
