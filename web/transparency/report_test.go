package transparency_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/transparency"
)

// book is a log that can lose a page.
type book struct {
	entries []policy.Entry
	lost    int // this one is missing; -1 for none
	walks   int
}

func (b *book) Key() string { return "key" }

func (b *book) Walk(_ context.Context, from, to time.Time, visit func(policy.Entry, uint64) error) (transparency.Stretch, error) {
	b.walks++
	rng := transparency.Stretch{First: uint64(len(b.entries)), Checkpoint: "signed"}
	for i, e := range b.entries {
		if e.At.Before(from) || !e.At.Before(to) {
			continue
		}
		rng.First, rng.End = min(rng.First, uint64(i)), uint64(i+1)
		if i == b.lost {
			continue // a journal that forgets to fail: the report must notice
		}
		if err := visit(e, uint64(i)); err != nil {
			return rng, err
		}
	}
	rng.First = min(rng.First, rng.End)
	return rng, nil
}

func (b *book) Notices(context.Context, time.Time, time.Time) (out []policy.Numbered, err error) {
	for i := range b.entries {
		if b.entries[i].Kind == policy.KindDefer {
			out = append(out, policy.Numbered{Index: uint64(i), Entry: &b.entries[i]})
		}
	}
	return out, nil
}

// written is a November: 30 looks in the north, 3 in the south, and the rest.
func written() *book {
	b := &book{lost: -1}
	add := func(e policy.Entry) {
		e.At = noon.Add(time.Duration(len(b.entries)) * time.Minute)
		b.entries = append(b.entries, e)
	}
	b.entries = append(b.entries, policy.Entry{At: noon.AddDate(0, -1, 0), Kind: "look", Camera: "camera:door"})
	add(policy.Entry{Kind: policy.KindDefer, Camera: "camera:door", Case: "case-1", Principal: "officer:wang", To: noon.Add(day)})
	for i := range 30 {
		add(policy.Entry{Kind: "look", Camera: "camera:door", Action: policy.ViewLive, Principal: "officer:chen", Case: []string{"case-1", "", "", ""}[i%4], DecisionID: fmt.Sprint("d", i)})
		add(policy.Entry{Kind: "look_end", Camera: "camera:door"})
	}
	for range 3 {
		add(policy.Entry{Kind: "look", Camera: "camera:far", Action: policy.Unmask})
	}
	for range 7 {
		add(policy.Entry{Kind: "denial", Camera: "camera:door"})
	}
	add(policy.Entry{Kind: "export", Camera: "camera:door", DecisionID: "x", Reasons: []policy.Reason{policy.ReasonOrder}})
	add(policy.Entry{Kind: "erased", Detail: "consent"})
	add(policy.Entry{Kind: "look", Camera: "camera:gone"}) // of a camera no longer known
	b.entries = append(b.entries, policy.Entry{At: noon.AddDate(0, 1, 0), Kind: "look", Camera: "camera:door"})
	return b
}

func count(t *testing.T, b *book) (*transparency.Report, error) {
	t.Helper()
	return transparency.Count(t.Context(), b, world(t), "2026-11", "", noon.AddDate(0, 1, 0))
}

func n(c transparency.Cell) int {
	if c.N == nil {
		return -1
	}
	return int(*c.N)
}

func row(c transparency.Counts) []int {
	return []int{n(c.Looks), n(c.Exports), n(c.Denials), n(c.Overrides), n(c.Deferred)}
}

func TestTheReportReconcilesWithTheLog(t *testing.T) {
	b := written()
	r, err := count(t, b)
	if err != nil {
		t.Fatal(err)
	}
	if r.Entries != uint64(len(b.entries)-2) || r.End-r.First != r.Entries || r.Kinds["consent"] != 1 || r.Kinds["look"] != 34 || r.Kinds["erased"] != 0 || !r.Complete {
		t.Errorf("report: %+v", r)
	}
	if got := row(r.Total); !slices.Equal(got, []int{34, 1, 7, 4, 8}) {
		t.Errorf("total: %v", got)
	}
	if len(r.Areas) != 2 || r.Areas[0].ID != "north" {
		t.Fatalf("areas: %+v", r.Areas)
	}
	// Three looks in the south are few, so the north's are hidden with them: the
	// total would tell. Denials and deferrals of one area alone show as they are.
	if got := row(r.Areas[0].Counts); !slices.Equal(got, []int{-1, -1, 7, -1, 8}) {
		t.Errorf("north: %v", got)
	}
	if got := row(r.Areas[1].Counts); !slices.Equal(got, []int{-1, -1, 0, -1, 0}) {
		t.Errorf("south: %v", got)
	}
	for lost := 1; lost < len(b.entries)-2; lost += 9 {
		b.lost = lost
		if _, err := count(t, b); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("entry %d is missing: %v", lost, err)
		}
	}
}

func TestOnlyMonthsThatAreOverAreTold(t *testing.T) {
	h := fronttest.Open(t, fronttest.Options{World: world(t), At: noon})
	b := written()
	h.Add(transparency.Routes(transparency.Deps{Journal: b}))
	for path, status := range map[string]int{"2026-11": 404, "2026-12": 404, "2026-13": 422, "nonsense": 422, "2026-11/page": 404} {
		if got, body := h.Do("", "GET", "/api/reports/"+path, nil); got != status {
			t.Errorf("%s: %d %s", path, got, body)
		}
	}
	h.Advance(13 * day)
	for range 3 {
		r := fronttest.Want[transparency.Report](h, http.StatusOK, "", "GET", "/api/reports/2026-11", nil)
		if r.Kinds["look"] != 34 || len(r.Areas) != 2 {
			t.Errorf("%+v", r)
		}
	}
	if b.walks != 1 {
		t.Errorf("a month that is over was counted %d times", b.walks)
	}
	for lang, words := range map[string]string{"en": "Beyond everyday consent", "zh-CN": "超出日常同意"} {
		status, body := h.Do("", "GET", "/api/reports/2026-11/page?lang="+lang, nil)
		if page := string(body); status != http.StatusOK || !strings.Contains(page, words) || !strings.Contains(page, "<td>—</td>") || strings.Contains(page, "<script") {
			t.Errorf("%s: %d %s", lang, status, page)
		}
	}
}
