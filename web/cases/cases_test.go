package cases_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cases"
	"shouwang/web/front/fronttest"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// papers are the neighbours, in memory.
type papers struct {
	house *fronttest.House
	items []cases.Item
	sheet cases.Sheet
	lines []cases.Line
}

func (p *papers) Items(context.Context, string) ([]cases.Item, error) { return p.items, nil }
func (p *papers) Add(_ context.Context, i cases.Item) error {
	p.items = append(p.items, i)
	return nil
}

func (p *papers) Remove(_ context.Context, _, id, by string) error {
	for i := range p.items {
		if p.items[i].ID == id {
			p.items[i].RemovedBy, p.items[i].Removed = by, noon
			return nil
		}
	}
	return shouwang.Errorf(shouwang.CodeNotFound, "none")
}
func (p *papers) Sheet(context.Context, string) (cases.Sheet, error) { return p.sheet, nil }
func (p *papers) SetSheet(_ context.Context, _, _ string, s cases.Sheet) error {
	p.sheet = s
	return nil
}

func (p *papers) Note(_ context.Context, _, by, did, what string) error {
	p.lines = append([]cases.Line{{At: noon, By: by, Did: did, What: what}}, p.lines...)
	return nil
}
func (p *papers) History(context.Context, string, int) ([]cases.Line, error) { return p.lines, nil }
func (p *papers) ForCase(context.Context, string, time.Time) ([]cases.Logged, error) {
	return []cases.Logged{{Index: 7, Entry: policy.Entry{At: noon.Add(-time.Hour), Kind: "look", Principal: "officer:ding", Camera: "camera:door-4", Case: "case-1"}}}, nil
}

func (p *papers) Kept(context.Context, shouwang.CameraID, shouwang.Span) (cases.Kept, error) {
	return cases.Kept{Keys: policy.KeyLive, Until: noon.AddDate(0, 0, 3)}, nil
}

func (p *papers) PutCase(_ context.Context, _ string, c *policy.Case) error {
	return p.house.Gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithCase(c), nil })
}

func open(t *testing.T) (*fronttest.House, *papers) {
	t.Helper()
	h := fronttest.Open(t, fronttest.Options{World: fronttest.World(t), At: noon})
	p := &papers{house: h}
	h.Add(cases.New(cases.Deps{Book: p, Log: p, Footage: p, Desk: p}).Register)
	return h, p
}

func TestAMemberGathersAndEverybodyElseFindsNoCase(t *testing.T) {
	h, _ := open(t)
	clip := map[string]any{"kind": "clip", "camera": "door-4", "from": noon.Add(-time.Hour), "to": noon.Add(-50 * time.Minute), "text": "at the door"}
	got := fronttest.Want[cases.CaseFile](h, http.StatusOK, "officer:ivy", "POST", "/api/cases/case-1/items", clip)
	if len(got.Items) != 1 || !got.Writes || got.Items[0].Keys != policy.KeyLive || got.Items[0].Until.IsZero() || got.Items[0].By.ID != "officer:ivy" {
		t.Fatalf("%+v", got)
	}
	// A member's superior and an approver read; they do not write.
	for _, who := range []string{"officer:boss", "officer:yes"} {
		if file := fronttest.Want[cases.CaseFile](h, http.StatusOK, who, "GET", "/api/cases/case-1/file", nil); file.Writes || len(file.Items) != 1 {
			t.Errorf("%s: %+v", who, file)
		}
		fronttest.Want[any](h, http.StatusForbidden, who, "POST", "/api/cases/case-1/items", clip)
	}
	for _, path := range []string{"/file", "/history"} {
		fronttest.Want[any](h, http.StatusNotFound, "officer:stranger", "GET", "/api/cases/case-1"+path, nil)
		fronttest.Want[any](h, http.StatusForbidden, "resident:mei", "GET", "/api/cases/case-1"+path, nil)
	}
	fronttest.Want[any](h, http.StatusConflict, "officer:ivy", "POST", "/api/cases/case-shut/items", clip)
	left := fronttest.Want[cases.CaseFile](h, http.StatusOK, "officer:ivy", "DELETE", "/api/cases/case-1/items/"+got.Items[0].ID, nil)
	if left.Items[0].Removed.IsZero() {
		t.Error("what was removed is not struck through")
	}
}

func TestNonsenseIsNotGathered(t *testing.T) {
	h, p := open(t)
	for name, body := range map[string]map[string]any{
		"an empty note": {"kind": "note"}, "a clip of no length": {"kind": "clip", "camera": "door-4", "from": noon.Add(-time.Hour), "to": noon.Add(-time.Hour)},
		"a clip of a day": {"kind": "clip", "camera": "door-4", "from": noon.AddDate(0, 0, -1), "to": noon}, "the future": {"kind": "still", "camera": "door-4", "from": noon.Add(time.Hour)},
		"something else": {"kind": "rumour", "text": "x"},
	} {
		if status, raw := h.Do("officer:ivy", "POST", "/api/cases/case-1/items", body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	if status, _ := h.Do("officer:ivy", "POST", "/api/cases/case-1/items", map[string]any{"kind": "still", "camera": "no-such", "from": noon.Add(-time.Hour)}); status != http.StatusNotFound {
		t.Errorf("an unknown camera: %d", status)
	}
	if len(p.items) != 0 {
		t.Errorf("gathered: %v", p.items)
	}
}

func TestMembersAndSheet(t *testing.T) {
	h, p := open(t)
	got := fronttest.Want[cases.CaseFile](h, http.StatusOK, "officer:ivy", "PUT", "/api/cases/case-1/members/officer:grid", nil)
	if !slices.ContainsFunc(got.Members, func(m cases.Colleague) bool { return m.ID == "officer:grid" }) || p.lines[0].Did != "member_added" {
		t.Errorf("%+v %+v", got.Members, p.lines)
	}
	for _, who := range []string{"officer:cable", "officer:eye", "resident:mei", "officer:nobody"} {
		fronttest.Want[any](h, http.StatusUnprocessableEntity, "officer:ivy", "PUT", "/api/cases/case-1/members/"+who, nil)
	}
	sheet := map[string]any{"title": "Bicycle", "legal_basis": "art. 54", "summary": "", "second_person": "officer:yes"}
	if file := fronttest.Want[cases.CaseFile](h, http.StatusOK, "officer:ivy", "PUT", "/api/cases/case-1/sheet", sheet); file.Title != "Bicycle" || file.Sheet.Second != "officer:yes" {
		t.Errorf("%+v", file)
	}
	sheet["second_person"] = "officer:ivy"
	fronttest.Want[any](h, http.StatusUnprocessableEntity, "officer:ivy", "PUT", "/api/cases/case-1/sheet", sheet)
	for _, who := range []string{"officer:grid", "officer:near", "officer:ding"} {
		fronttest.Want[cases.CaseFile](h, http.StatusOK, "officer:ivy", "DELETE", "/api/cases/case-1/members/"+who, nil)
	}
	fronttest.Want[any](h, http.StatusConflict, "officer:ivy", "DELETE", "/api/cases/case-1/members/officer:ivy", nil)
}

func TestHistoryHoldsTheJournalAndTheAccessLog(t *testing.T) {
	h, p := open(t)
	_ = p.Note(t.Context(), "case-1", "officer:ivy", "searched", "4 cameras")
	got := fronttest.Want[struct{ Done []cases.CaseDone }](h, http.StatusOK, "officer:ivy", "GET", "/api/cases/case-1/history", nil)
	var did []string
	for _, d := range got.Done {
		did = append(did, d.Did)
	}
	if !slices.Equal(did, []string{"searched", "look", "opened"}) || got.Done[1].Index == nil || *got.Done[1].Index != 7 || got.Done[1].Camera != "door-4" {
		t.Errorf("%v %+v", did, got.Done)
	}
}
