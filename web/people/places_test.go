package people_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/people"
)

func (r *roll) ChangePlaces(_ context.Context, e policy.PlacesEdit, allow func(*policy.World) error) error {
	w := r.house.Gate.World()
	if err := allow(w); err != nil {
		return err
	}
	tree := w.Data()
	next := tree.Places[:0:0]
	for _, p := range tree.Places {
		keep := true
		for _, q := range e.Put {
			keep = keep && q.ID != p.ID
		}
		for _, id := range e.Remove {
			keep = keep && id != p.ID
		}
		if keep {
			next = append(next, p)
		}
	}
	after, err := w.WithPlaces(append(next, e.Put...))
	if err == nil {
		r.house.Gate.Swap(after)
	}
	return err
}

func (r *roll) ReadPlaces(file string) ([]shouwang.Place, []string, error) {
	if strings.Contains(file, "nonsense") {
		return nil, nil, shouwang.Errorf(shouwang.CodeBadConfig, "line 3: nonsense")
	}
	return []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "south", Kind: "grid", Parent: "town"}}, []string{"cameras"}, nil
}

type planned struct {
	Edit   policy.PlacesEdit
	Plan   policy.PlacesPlan
	Others []string
}

type placesChanged struct {
	Applied  bool
	Proposal *people.ProposalView
}

// camera in the east of the house's town; officer:east answers for east alone.
func hung(t *testing.T) (*fronttest.House, *roll) {
	h, r := house(t)
	w := h.Gate.World()
	d := w.Data()
	d.Places = append(d.Places, shouwang.Place{ID: "lane", Kind: "grid", Parent: "town"}, shouwang.Place{ID: "bare", Kind: "grid", Parent: "town"})
	d.Principals = append(d.Principals, &policy.Principal{ID: "officer:east", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "east", OnDuty: true})
	d.Cameras = append(d.Cameras, &policy.Camera{ID: "camera:lane-1", Name: "巷口", Place: "lane", LegalClass: "public", Owner: "unit:enforcement"})
	next, err := policy.NewWorld(d)
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	return h, r
}

func edit(e policy.PlacesEdit, reason string) map[string]any {
	return map[string]any{"edit": e, "reason": reason}
}

func TestATreeThatGivesNobodyMoreIsChangedAtOnce(t *testing.T) {
	h, _ := hung(t)
	e := policy.PlacesEdit{Put: []shouwang.Place{{ID: "north", Kind: "community", Parent: "town", Name: "北"}}, Remove: []shouwang.PlaceID{"bare"}}
	h.Log.Break(true)
	if got, _ := h.Do("admin:ops", "POST", "/api/places/change", edit(e, "")); got < 500 {
		t.Errorf("changed though it cannot be logged: %d", got)
	}
	h.Log.Break(false)
	if got := fronttest.Want[placesChanged](h, 200, "admin:ops", "POST", "/api/places/change", edit(e, "")); !got.Applied || got.Proposal != nil {
		t.Errorf("a new empty place: %+v", got)
	}
	tree := h.Gate.World().Places()
	if _, still := tree["bare"]; still || tree["north"].Name != "北" {
		t.Errorf("the tree: %+v", tree)
	}
	for _, who := range []string{"officer:chen", "officer:audit"} {
		if got, _ := h.Do(who, "POST", "/api/places/plan", map[string]any{}); got != http.StatusForbidden {
			t.Errorf("%s plans: %d", who, got)
		}
	}
	orphan := policy.PlacesEdit{Remove: []shouwang.PlaceID{"lane"}}
	if got, body := h.Do("admin:ops", "POST", "/api/places/change", edit(orphan, "x")); got != http.StatusUnprocessableEntity {
		t.Errorf("a camera left without a place: %d %s", got, body)
	}
}

func TestATreeThatGivesMoreTakesTwoPeople(t *testing.T) {
	h, _ := hung(t)
	move := policy.PlacesEdit{Put: []shouwang.Place{{ID: "lane", Kind: "grid", Parent: "east"}}}
	p := fronttest.Want[planned](h, 200, "admin:ops", "POST", "/api/places/plan", map[string]any{"edit": move}).Plan
	if len(p.Gains) != 1 || p.Gains[0].Who != "officer:east" || len(p.Cameras) != 1 {
		t.Fatalf("plan: %+v", p)
	}
	if got, _ := h.Do("admin:ops", "POST", "/api/places/change", edit(move, "")); got != http.StatusUnprocessableEntity {
		t.Errorf("proposed without a reason: %d", got)
	}
	made := fronttest.Want[placesChanged](h, 200, "admin:ops", "POST", "/api/places/change", edit(move, "the lane was handed over"))
	if made.Applied || made.Proposal == nil || made.Proposal.Places == nil || h.Gate.World().Places()["lane"].Parent != "town" {
		t.Fatalf("an administrator alone gave the lane to the east: %+v", made)
	}
	path := "/api/proposals/" + made.Proposal.ID
	h.Factor("admin:ops")
	h.Factor("officer:audit")
	if got, _ := h.Do("admin:ops", "POST", path+"/sign", map[string]any{}); got != http.StatusForbidden {
		t.Errorf("the administrator signs: %d", got)
	}
	done := fronttest.Want[signed](h, 200, "officer:audit", "POST", path+"/sign", map[string]any{})
	if done.Token != "" || done.Proposal.State != "signed" || h.Gate.World().Places()["lane"].Parent != "east" {
		t.Errorf("signed: %+v, %+v", done, h.Gate.World().Places())
	}
}

func TestASignatureIsForWhatWasProposed(t *testing.T) {
	h, _ := hung(t)
	move := policy.PlacesEdit{Put: []shouwang.Place{{ID: "lane", Kind: "grid", Parent: "east"}}}
	made := fronttest.Want[placesChanged](h, 200, "admin:ops", "POST", "/api/places/change", edit(move, "handed over"))
	w := h.Gate.World()
	next, err := w.WithPrincipal(&policy.Principal{ID: "officer:later", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "east"})
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	h.Factor("officer:audit")
	if got, body := h.Do("officer:audit", "POST", "/api/proposals/"+made.Proposal.ID+"/sign", map[string]any{}); got != http.StatusConflict {
		t.Errorf("signed though one more person reaches more: %d %s", got, body)
	}
}

func TestATownshipFileIsPlannedBeforeItIsDone(t *testing.T) {
	h, _ := hung(t)
	got := fronttest.Want[planned](h, 200, "admin:ops", "POST", "/api/places/plan", map[string]any{"file": "places: []", "remove_missing": true})
	if len(got.Edit.Put) != 1 || got.Edit.Put[0].ID != "south" || len(got.Edit.Remove) != 3 || len(got.Others) != 1 {
		t.Errorf("edit: %+v", got)
	}
	var codes []string
	for _, r := range got.Plan.Refused {
		codes = append(codes, r.Code)
	}
	if strings.Join(codes, " ") != "camera person" {
		t.Errorf("refused: %v", codes)
	}
	if kept := fronttest.Want[planned](h, 200, "admin:ops", "POST", "/api/places/plan", map[string]any{"file": "places: []"}); len(kept.Edit.Remove) != 0 || len(kept.Plan.Refused) != 0 {
		t.Errorf("what a file leaves out goes unasked: %+v", kept)
	}
	if code, body := h.Do("admin:ops", "POST", "/api/places/plan", map[string]any{"file": "nonsense"}); code < 400 || code >= 500 || !strings.Contains(string(body), "line 3") {
		t.Errorf("nonsense: %d %s", code, body)
	}
}
