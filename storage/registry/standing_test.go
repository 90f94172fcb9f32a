package registry_test

import (
	"testing"

	"shouwang"
	"shouwang/policy"
)

func TestACameraHangsElsewhereIfItMay(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	to := policy.Standing{Camera: "camera:door-17", Place: "lingjiao", Owner: "unit:x", LegalClass: "premises", Mount: "shared_premises"}
	no := shouwang.Errorf(shouwang.CodeConflict, "changed meanwhile")
	wantCode(t, r.HangCamera(t.Context(), to, func(*policy.World) error { return no }), shouwang.CodeConflict)
	wantCode(t, r.PutCamera(t.Context(), door, func(*policy.World) error { return no }), shouwang.CodeConflict)
	must(t, r.HangCamera(t.Context(), to, func(w *policy.World) error {
		if _, there := w.Camera("camera:door-17"); !there {
			t.Error("asked with another world")
		}
		return nil
	}))
	must(t, r.Close())
	c, err := open(t, path).Camera(t.Context(), "door-17")
	must(t, err)
	if c.Place != "lingjiao" || c.Owner != "unit:x" || c.Class != "premises" || c.Mount != "shared_premises" || c.Name != door.Name || len(c.Sources) != 2 || c.Sources[0].URL != secretURL || len(c.Masks) != 1 {
		t.Errorf("%+v", c)
	}
}

// TestAnOldConsentOpensNoNewCamera: consents outlive their camera, and one that
// is hung under the same id would have them.
func TestAnOldConsentOpensNoNewCamera(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	ctx := t.Context()
	must(t, r.RemoveCamera(ctx, "door-17"))
	must(t, r.PutCamera(ctx, door)) // nobody consented: the id is free
	must(t, r.AppendConsent(ctx, consent(1, policy.Given)))
	must(t, r.RemoveCamera(ctx, "door-17"))
	wantCode(t, r.PutCamera(ctx, door), shouwang.CodeConflict)
	other := door
	other.ID = "door-17b"
	must(t, r.PutCamera(ctx, other))
}
