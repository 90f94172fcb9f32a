// Package keystest is what every vault under the key store must do. The tests
// of package keys run it over the key file, those of package transit over the
// transit engine.
package keystest

import (
	"bytes"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/keys"
)

var noon = time.Date(2026, 11, 20, 12, 10, 0, 0, time.UTC)

// Suite opens key stores over one kind of vault. Open with the same folder is
// the same store after a restart.
type Suite struct {
	Open func(t *testing.T, dir string) *keys.Ring
}

// Run runs the whole suite.
func (s Suite) Run(t *testing.T) {
	t.Run("survives a restart", s.survives)
	t.Run("destroyed is final", s.destroyed)
	t.Run("a hold outlives the camera's keys", s.held)
	t.Run("a wrapped key opens in its own place only", s.bound)
	t.Run("every use is counted under its decision", s.counted)
	t.Run("keys of any name", s.named)
}

func (s Suite) ring(t *testing.T, dir string) *keys.Ring {
	t.Helper()
	r := s.Open(t, dir)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func newKey(t *testing.T, r *keys.Ring, camera shouwang.CameraID, at time.Time) keys.DataKey {
	t.Helper()
	k, err := r.NewDataKey(t.Context(), camera, at, "grant-1")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// opens reports whether the key still opens; any other failure than being
// destroyed fails the test.
func opens(t *testing.T, r *keys.Ring, id string, wrapped, want []byte) bool {
	t.Helper()
	got, err := r.Unwrap(t.Context(), id, wrapped, "d-look")
	if err != nil && shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
		t.Fatal(err)
	}
	if err == nil && !bytes.Equal(got, want) {
		t.Fatal("another key came out")
	}
	return err == nil
}

func (s Suite) survives(t *testing.T) {
	dir := t.TempDir()
	r := s.ring(t, dir)
	a, b := newKey(t, r, "cam-a", noon), newKey(t, r, "cam-a", noon.Add(keys.Slot))
	if a.ID == b.ID || bytes.Equal(a.Wrapped, b.Wrapped) || bytes.Contains(a.Wrapped, a.Plain) {
		t.Fatalf("%s and %s", a.ID, b.ID)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = s.ring(t, dir)
	for _, k := range []keys.DataKey{a, b} {
		if !opens(t, r, k.ID, k.Wrapped, k.Plain) {
			t.Errorf("%s does not open after a restart", k.ID)
		}
	}
}

func (s Suite) destroyed(t *testing.T) {
	dir := t.TempDir()
	r := s.ring(t, dir)
	mine, later, other := newKey(t, r, "cam-a", noon), newKey(t, r, "cam-a", noon.Add(26*time.Hour)), newKey(t, r, "cam-b", noon)
	gone, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "withdrawal-1")
	if err != nil || len(gone.Keys) != 2 || gone.Decision != "withdrawal-1" {
		t.Fatalf("%+v, %v", gone, err)
	}
	if opens(t, r, mine.ID, mine.Wrapped, mine.Plain) || opens(t, r, later.ID, later.Wrapped, later.Plain) {
		t.Fatal("a destroyed key opens")
	}
	if !opens(t, r, other.ID, other.Wrapped, other.Plain) {
		t.Fatal("another camera's key is gone")
	}
	if again, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "again"); err != nil || len(again.Keys) != 0 {
		t.Fatalf("destroyed twice: %+v, %v", again, err)
	}
	renewed := newKey(t, r, "cam-a", noon)
	if renewed.ID == mine.ID || opens(t, r, mine.ID, mine.Wrapped, mine.Plain) || !opens(t, r, renewed.ID, renewed.Wrapped, renewed.Plain) {
		t.Fatal("a renewed consent must get a key of its own, and the old one stay closed")
	}
	if _, err := r.Unwrap(t.Context(), renewed.ID, mine.Wrapped, "d"); err == nil {
		t.Fatal("what the destroyed key wrapped opens under the next one")
	}
	_ = r.Close()
	if r = s.ring(t, dir); opens(t, r, mine.ID, mine.Wrapped, mine.Plain) {
		t.Fatal("a restart brought a destroyed key back")
	}
}

func (s Suite) held(t *testing.T) {
	r := s.ring(t, t.TempDir())
	k, free := newKey(t, r, "cam-a", noon), newKey(t, r, "cam-a", noon)
	id, wrapped, err := r.Rewrap(t.Context(), k.ID, k.Wrapped, "Case 7/2026", "hold-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "withdrawal"); err != nil {
		t.Fatal(err)
	}
	if !opens(t, r, id, wrapped, k.Plain) || opens(t, r, free.ID, free.Wrapped, free.Plain) {
		t.Fatal("the hold keeps what it names and nothing else")
	}
	if _, err := r.DestroyCase(t.Context(), "Case 7/2026", "hold over"); err != nil {
		t.Fatal(err)
	}
	if opens(t, r, id, wrapped, k.Plain) {
		t.Fatal("the hold is over and its key opens")
	}
}

func (s Suite) bound(t *testing.T) {
	r := s.ring(t, t.TempDir())
	a, b := newKey(t, r, "cam-a", noon), newKey(t, r, "cam-b", noon)
	if _, err := r.Unwrap(t.Context(), b.ID, a.Wrapped, "d"); err == nil {
		t.Error("a key moved to another camera opens")
	}
	bad := bytes.Clone(a.Wrapped)
	bad[len(bad)/2] ^= 1
	if _, err := r.Unwrap(t.Context(), a.ID, bad, "d"); err == nil {
		t.Error("a changed key opens")
	}
	if _, err := r.Unwrap(t.Context(), a.ID, a.Wrapped, ""); shouwang.CodeOf(err) != shouwang.CodeDenied {
		t.Errorf("without a decision: %v", err)
	}
}

func (s Suite) counted(t *testing.T) {
	r := s.ring(t, t.TempDir())
	k := newKey(t, r, "cam-a", noon)
	for range 3 {
		opens(t, r, k.ID, k.Wrapped, k.Plain)
	}
	used, err := r.UsesOf(t.Context(), "d-look")
	if err != nil || len(used) != 1 || used[0].Key != k.ID || used[0].What != "unwrap" || used[0].Times != 3 {
		t.Errorf("under the look's decision: %+v, %v", used, err)
	}
	made, err := r.UsesOfKey(t.Context(), k.ID)
	if err != nil || len(made) != 2 {
		t.Errorf("of the key: %+v, %v", made, err)
	}
	if err := r.ForgetUses(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if used, _ := r.UsesOf(t.Context(), "d-look"); len(used) != 0 {
		t.Errorf("not forgotten: %+v", used)
	}
}

func (s Suite) named(t *testing.T) {
	r := s.ring(t, t.TempDir())
	seen := map[string]bool{}
	for _, camera := range []shouwang.CameraID{"a", "a-1", "a.1", "cam-01.east", "x0"} {
		k := newKey(t, r, camera, noon)
		if seen[k.ID] || !opens(t, r, k.ID, k.Wrapped, k.Plain) {
			t.Errorf("camera %s", camera)
		}
		seen[k.ID] = true
		for _, name := range []string{"案件 一", "a/b", "a_b", "a__b", "A"} {
			id, wrapped, err := r.Rewrap(t.Context(), k.ID, k.Wrapped, string(camera)+name, "hold")
			if err != nil || !opens(t, r, id, wrapped, k.Plain) {
				t.Errorf("case %q: %v", name, err)
			}
		}
	}
}
