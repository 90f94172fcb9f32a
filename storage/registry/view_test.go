package registry_test

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

// signed has the door's view taken and signed by two, or by fewer.
func signed(t *testing.T, r *registry.Registry, signers ...string) {
	t.Helper()
	ctx := t.Context()
	for _, id := range []string{"officer:one", "officer:two"} {
		must(t, r.PutPrincipal(ctx, policy.Principal{ID: id, Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleApprover}, Jurisdiction: "lingjiao"}))
	}
	_, err := r.TakeView(ctx, "door-17", []byte("picture"), []byte("grid"), func(v policy.View) (policy.View, error) {
		return v.Take("sha256:1", "officer:one", noon), nil
	})
	must(t, err)
	for _, by := range signers {
		_, err := r.ChangeView(ctx, "door-17", func(v policy.View) (policy.View, error) { return v.Approve(world(t, r), "sha256:1", by, noon) })
		must(t, err)
	}
}

func theDoor(t *testing.T, r *registry.Registry) *policy.Camera {
	t.Helper()
	c, ok := world(t, r).Camera("camera:door-17")
	if !ok {
		t.Fatal("the door is gone")
	}
	return c
}

// TestWhoWritesACameraOpensNothing writes the camera anew, as a technician or an
// import does, while its view waits, and again after it drifted.
func TestWhoWritesACameraOpensNothing(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	signed(t, r, "officer:one")
	must(t, r.PutCamera(t.Context(), door))
	if c := theDoor(t, r); !c.Quarantined || len(c.ViewApprovedBy) > 0 || !world(t, r).ViewWaiting(c.ID) {
		t.Errorf("one signature and a new description: %+v", c)
	}
	_, err := r.ChangeView(t.Context(), "door-17", func(v policy.View) (policy.View, error) {
		return v.Approve(world(t, r), "sha256:1", "officer:two", noon)
	})
	must(t, err)
	claims := door
	claims.ViewApprovedBy, claims.Quarantined = []string{"officer:x", "officer:y"}, true
	must(t, r.PutCamera(t.Context(), claims))
	if c := theDoor(t, r); c.Quarantined || strings.Join(c.ViewApprovedBy, " ") != "officer:one officer:two" {
		t.Errorf("signed by two: %+v", c)
	}
	_, err = r.ChangeView(t.Context(), "door-17", func(v policy.View) (policy.View, error) {
		v.Drift = &policy.ViewDrift{At: noon.Add(time.Hour), Verdict: "turned"}
		return v, nil
	})
	must(t, err)
	must(t, r.PutCamera(t.Context(), door))
	if c := theDoor(t, r); !c.Quarantined || len(c.Drifted) != 1 || len(c.ViewApprovedBy) > 0 || world(t, r).ViewWaiting(c.ID) {
		t.Errorf("turned, and described anew: %+v", c)
	}
}

// TestViewsSignedBeforeAreKnown takes an older register, which kept who signed
// beside the view only, through the migration.
func TestViewsSignedBeforeAreKnown(t *testing.T) {
	for name, signers := range map[string][]string{"two": {"officer:one", "officer:two"}, "one": {"officer:one"}} {
		t.Run(name, func(t *testing.T) {
			r, path := fresh(t)
			seed(t, r)
			signed(t, r, signers...)
			want := toJSON(t, theDoor(t, r))
			must(t, r.Close())
			db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
			must(t, err)
			migration, err := os.ReadFile("migrations/00650_view_approved.sql")
			must(t, err)
			for _, q := range []string{`UPDATE cameras SET body = json_remove(body, '$.view_approved_by')`, string(migration)} {
				_, err := db.Exec(q)
				must(t, err)
			}
			must(t, db.Close())
			if got := toJSON(t, theDoor(t, open(t, path))); got != want {
				t.Errorf("after the migration:\n%s\n%s", got, want)
			}
		})
	}
}

func TestTheTownshipForcesTheViewGate(t *testing.T) {
	r, path := fresh(t)
	hash := func(string) (string, error) { return "x", nil }
	read := func(text string) error {
		_, err := r.Import(t.Context(), strings.NewReader(text), hash)
		return err
	}
	must(t, read("view_gate: required\n"))
	must(t, read("audiences: [dispatch-centre]\n")) // says nothing of it: it stays
	must(t, r.Close())
	if r = open(t, path); world(t, r).ViewGate() != policy.ViewGateRequired {
		t.Error("the setting is lost")
	}
	if err := read("timezone: Asia/Shanghai\nview_gate: maybe\n"); shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("nonsense: %v", err)
	}
	must(t, read("view_gate: recorded\n"))
	if world(t, r).ViewGate() != policy.ViewGateRecorded {
		t.Error("not taken back")
	}
}
