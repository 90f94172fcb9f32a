package ledger_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/ledger"
)

// Months part the log: each entry is in one, and a missing one is noticed.
func TestWalkVisitsEveryEntryOfAMonth(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 60 { // thirty in November, thirty in December
		_, err := l.Append(t.Context(), policy.Entry{At: noon.AddDate(0, 0, i-22).Add(time.Duration(i) * time.Millisecond), Kind: []string{"look", "denial", "consent"}[i%3], Camera: "camera:a"})
		must(t, err)
	}
	published(t, l, 60)
	month := func(r *ledger.Reader, m time.Month) (kinds map[string]int, rng ledger.Range, err error) {
		kinds = map[string]int{}
		from := time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC)
		rng, err = r.Walk(t.Context(), from, from.AddDate(0, 1, 0), func(e ledger.Logged) error { kinds[e.Kind]++; return nil })
		return kinds, rng, err
	}
	kinds, rng, err := month(l.Reader(), time.November)
	must(t, err)
	december, after, err := month(l.Reader(), time.December)
	must(t, err)
	if rng.First != 0 || rng.End != after.First || after.End != 60 || kinds["look"]+kinds["denial"]+kinds["consent"] != int(rng.End) || december["look"] == 0 {
		t.Errorf("november %v %+v, december %v %+v", kinds, rng, december, after)
	}
	if empty, rng, err := month(l.Reader(), time.March); err != nil || len(empty) != 0 || rng.First != rng.End {
		t.Errorf("a month without entries: %v %+v %v", empty, rng, err)
	}
	beside, err := ledger.OpenReader(ledger.Config{Dir: dir}) // while the service runs
	must(t, err)
	if again, _, err := month(beside, time.November); err != nil || again["look"] != kinds["look"] {
		t.Errorf("read beside the service: %v, %v", again, err)
	}
	must(t, beside.Close())
	if n, err := l.Erase(t.Context(), "camera:a", noon, noon); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if erased, _, err := month(l.Reader(), time.November); err != nil || erased[ledger.Erased] != int(rng.End) {
		t.Errorf("erased ones are counted: %v, %v", erased, err)
	}
	for what, query := range map[string]string{
		"one is missing":      `DELETE FROM entries WHERE seq = 35`,
		"the last is missing": `DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)`,
		"another kind":        `UPDATE entries SET kind = 'sign_in' WHERE seq = 40`,
		"hidden":              `UPDATE entries SET leaf_index = NULL WHERE seq = 40`,
	} {
		other := copied(t, dir)
		execSQL(t, other, query)
		r, err := ledger.OpenReader(ledger.Config{Dir: other})
		must(t, err)
		if _, _, err := month(r, time.December); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("%s: %v", what, err)
		}
		must(t, r.Close())
	}
}
