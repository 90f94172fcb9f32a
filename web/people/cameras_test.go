package people_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/people"
)

func (r *roll) HangCamera(_ context.Context, to policy.Standing, allow func(*policy.World) error) error {
	w := r.house.Gate.World()
	if err := allow(w); err != nil {
		return err
	}
	c, _ := w.Camera(to.Camera)
	next := *c
	next.Place, next.Owner, next.LegalClass, next.Mount, next.Filing = to.Place, to.Owner, to.LegalClass, to.Mount, to.Filing
	after, err := w.WithCamera(&next)
	if err == nil {
		r.house.Gate.Swap(after)
	}
	return err
}

// proposed hands a standing to the room as the technician's room does.
func proposed(t *testing.T, h *fronttest.House, r *roll, to policy.Standing, reason string) (string, error) {
	t.Helper()
	who, _ := h.Gate.World().Principal("admin:ops")
	return r.room.ProposeCamera(t.Context(), &front.Caller{World: h.Gate.World(), Who: who}, to, reason)
}

func placeOf(h *fronttest.House) shouwang.PlaceID {
	c, _ := h.Gate.World().Camera("camera:lane-1")
	return c.Place
}

func TestACameraHungElsewhereIsSigned(t *testing.T) {
	h, r := hung(t)
	to := policy.Standing{Camera: "camera:lane-1", Place: "east", Owner: "unit:enforcement", LegalClass: "public", Mount: "public"}
	if _, err := proposed(t, h, r, to, " "); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("proposed without a reason: %v", err)
	}
	h.Log.Break(true)
	if _, err := proposed(t, h, r, to, "the lane was handed over"); err == nil || len(r.proposals) != 0 {
		t.Error("proposed though it cannot be logged")
	}
	h.Log.Break(false)
	id, err := proposed(t, h, r, to, "the lane was handed over")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proposed(t, h, r, to, "again"); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("two about one camera: %v", err)
	}
	path := "/api/proposals/" + id
	h.Factor("admin:ops")
	if got, _ := h.Do("admin:ops", "POST", path+"/sign", map[string]any{}); got != http.StatusForbidden || placeOf(h) != "lane" {
		t.Errorf("the administrator signs: %d", got)
	}
	if got, body := h.Do("officer:audit", "POST", path+"/sign", map[string]any{}); got != http.StatusForbidden {
		t.Errorf("signed without a second factor: %d %s", got, body)
	}
	h.Factor("officer:audit")
	seen := fronttest.Want[struct{ Proposals []people.ProposalView }](h, 200, "officer:audit", "GET", "/api/proposals", nil).Proposals
	if len(seen) != 1 || seen[0].Kind != people.KindStanding || seen[0].Camera == nil || seen[0].Camera.Was.Place != "lane" || !seen[0].MaySign || seen[0].Camera.Gains[0].Who != "officer:east" {
		t.Fatalf("the oversight reads %+v", seen)
	}
	fronttest.Want[signed](h, 200, "officer:audit", "POST", path+"/sign", map[string]any{})
	if placeOf(h) != "east" {
		t.Errorf("signed, and hangs at %s", placeOf(h))
	}
	log := h.Log.Of("admin")
	if last := log[len(log)-1]; last.Camera != "camera:lane-1" || !strings.HasPrefix(last.Detail, "signed standing of camera:lane-1: ") {
		t.Errorf("the owner would not read of it: %+v", last)
	}
}

func TestASignatureForACameraIsForWhatWasProposed(t *testing.T) {
	h, r := hung(t)
	to := policy.Standing{Camera: "camera:lane-1", Place: "east", Owner: "unit:enforcement", LegalClass: "public", Mount: "public"}
	id, err := proposed(t, h, r, to, "handed over")
	if err != nil {
		t.Fatal(err)
	}
	next, err := h.Gate.World().WithPrincipal(&policy.Principal{ID: "officer:later", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "east"})
	if err != nil {
		t.Fatal(err)
	}
	h.Gate.Swap(next)
	h.Factor("officer:audit")
	if got, body := h.Do("officer:audit", "POST", "/api/proposals/"+id+"/sign", map[string]any{}); got != http.StatusConflict || placeOf(h) != "lane" {
		t.Errorf("signed though one more person reaches it: %d %s", got, body)
	}
	h.Gate.Swap(h.Gate.World().WithoutCamera("camera:lane-1"))
	if got, body := h.Do("officer:audit", "POST", "/api/proposals/"+id+"/sign", map[string]any{}); got != http.StatusNotFound {
		t.Errorf("signed for a camera that is gone: %d %s", got, body)
	}
	if _, err := proposed(t, h, r, to, "once more"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("proposed for a camera that is gone: %v", err)
	}
}
