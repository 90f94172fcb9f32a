package keys

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang"
)

var noon = time.Date(2026, 11, 20, 12, 10, 0, 0, time.UTC)

func open(t *testing.T, dir string) *Ring {
	t.Helper()
	r, err := Open(dir, Options{Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func dataKey(t *testing.T, r *Ring, camera shouwang.CameraID, at time.Time) DataKey {
	t.Helper()
	k, err := r.NewDataKey(t.Context(), camera, at, "grant-1")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func opens(t *testing.T, r *Ring, k DataKey) bool {
	t.Helper()
	plain, err := r.Unwrap(t.Context(), k.ID, k.Wrapped, "d-1")
	if err == nil && !bytes.Equal(plain, k.Plain) {
		t.Fatal("another key came out")
	}
	if err != nil && shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed {
		t.Fatal(err)
	}
	return err == nil
}

func TestKeysSurviveAndSlotsShareThem(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	a, b := dataKey(t, r, "cam-a", noon), dataKey(t, r, "cam-a", noon.Add(19*time.Minute))
	c, d := dataKey(t, r, "cam-a", noon.Add(20*time.Minute)), dataKey(t, r, "cam-b", noon)
	if a.ID != b.ID || a.ID == c.ID || a.ID == d.ID || bytes.Equal(a.Plain, b.Plain) {
		t.Fatalf("ids %s %s %s %s", a.ID, b.ID, c.ID, d.ID)
	}
	if span, ok := SlotSpan(a.ID); !ok || !span.Contains(noon) || span.Duration() != Slot {
		t.Fatalf("slot of %s is %v", a.ID, span)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, dir)
	for _, k := range []DataKey{a, b, c, d} {
		if !opens(t, r, k) {
			t.Fatalf("%s does not open after a restart", k.ID)
		}
	}
}

func TestDestroyedIsFinal(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	mine, other := dataKey(t, r, "cam-a", noon), dataKey(t, r, "cam-b", noon)
	later := dataKey(t, r, "cam-a", noon.Add(48*time.Hour))
	var wrapped []byte
	if err := r.db.QueryRow(`SELECT wrapped FROM camera_keys WHERE owner='cam-a' ORDER BY day LIMIT 1`).Scan(&wrapped); err != nil {
		t.Fatal(err)
	}
	receipt, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "withdrawal-9")
	if err != nil || len(receipt.Keys) != 2 || receipt.Decision != "withdrawal-9" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if opens(t, r, mine) || opens(t, r, later) || !opens(t, r, other) {
		t.Fatal("the wrong keys are gone")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range files {
		if content, _ := os.ReadFile(name); bytes.Contains(content, wrapped) {
			t.Errorf("the destroyed key's bytes still stand in %s", filepath.Base(name))
		}
	}
	if receipt, err = r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "again"); err != nil || len(receipt.Keys) != 0 {
		t.Fatalf("destroyed twice: %+v, %v", receipt, err)
	}
	renewed := dataKey(t, r, "cam-a", noon)
	if renewed.ID == mine.ID {
		t.Fatal("a renewed consent got the destroyed key's name")
	}
	if !opens(t, r, renewed) || opens(t, r, mine) {
		t.Fatal("the new key must open, the old never")
	}
}

func TestDestroyByTime(t *testing.T) {
	r := open(t, t.TempDir())
	var made []DataKey
	for i := range 6 {
		made = append(made, dataKey(t, r, "cam-a", noon.Add(time.Duration(i)*Slot)))
	}
	span := shouwang.Span{From: noon.Add(Slot / 2), To: noon.Truncate(time.Hour).Add(4 * Slot)} // from the middle of 0 to the end of 3
	if _, err := r.DestroyCamera(t.Context(), "cam-a", span, "d"); err != nil {
		t.Fatal(err)
	}
	for i, k := range made {
		if want := i < 1 || i > 3; opens(t, r, k) != want {
			t.Errorf("slot %d: opens is %v", i, !want)
		}
	}
	if _, err := r.DestroyCamera(t.Context(), "", shouwang.Span{}, "d"); err == nil {
		t.Error("destroying the keys of no camera was accepted")
	}
	if receipt, err := r.DestroyKeys(t.Context(), []string{made[0].ID, "cam-z/20200101/0/1"}, "d"); err != nil || len(receipt.Keys) != 1 {
		t.Errorf("%+v, %v", receipt, err)
	}
}

func TestHoldOutlivesTheCamera(t *testing.T) {
	r := open(t, t.TempDir())
	kept, lost := dataKey(t, r, "cam-a", noon), dataKey(t, r, "cam-a", noon)
	id, wrapped, err := r.Rewrap(t.Context(), kept.ID, kept.Wrapped, "case-3", "hold-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.DestroyCamera(t.Context(), "cam-a", shouwang.Span{}, "d"); err != nil {
		t.Fatal(err)
	}
	held := DataKey{ID: id, Plain: kept.Plain, Wrapped: wrapped}
	if !opens(t, r, held) || opens(t, r, kept) || opens(t, r, lost) {
		t.Fatal("only the held segment may open")
	}
	if _, err := r.DestroyCase(t.Context(), "case-3", "ended"); err != nil || opens(t, r, held) {
		t.Fatalf("held key opens after its case ended: %v", err)
	}
}

func TestEveryUseNeedsADecision(t *testing.T) {
	var uses []Use
	refuse := errors.New("log is down")
	var answer error
	r, err := Open(t.TempDir(), Options{OnUse: func(_ context.Context, u Use) error { uses = append(uses, u); return answer }})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.NewDataKey(t.Context(), "cam-a", noon, ""); shouwang.CodeOf(err) != shouwang.CodeDenied {
		t.Fatalf("without a decision: %v", err)
	}
	k := dataKey(t, r, "cam-a", noon)
	if _, err := r.Unwrap(t.Context(), k.ID, k.Wrapped, ""); shouwang.CodeOf(err) != shouwang.CodeDenied {
		t.Fatalf("without a decision: %v", err)
	}
	if len(uses) != 1 || uses[0].Decision != "grant-1" || uses[0].What != "new" {
		t.Fatalf("uses: %+v", uses)
	}
	answer = refuse
	if _, err := r.Unwrap(t.Context(), k.ID, k.Wrapped, "d-1"); !errors.Is(err, refuse) {
		t.Fatalf("a use that could not be noted was allowed: %v", err)
	}
}

func TestMovedAndForeignKeysDoNotOpen(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	a, b := dataKey(t, r, "cam-a", noon), dataKey(t, r, "cam-b", noon)
	if _, err := r.Unwrap(t.Context(), a.ID, b.Wrapped, "d"); err == nil {
		t.Error("a key wrapped for another camera opened")
	}
	for _, id := range []string{"", "a/b", "cam-a/20261120/x/1", "cam-a/20261120/24/9"} {
		if _, err := r.Unwrap(t.Context(), id, a.Wrapped, "d"); err == nil {
			t.Errorf("key id %q opened", id)
		}
	}
	// Another row's bytes under this row's name.
	if _, err := r.db.Exec(`UPDATE camera_keys SET wrapped=(SELECT wrapped FROM camera_keys WHERE owner='cam-b') WHERE owner='cam-a'`); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Unwrap(t.Context(), a.ID, a.Wrapped, "d"); err == nil {
		t.Error("a key moved between rows opened")
	}
}

func TestMasterKeyIsGuarded(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	_ = dataKey(t, r, "cam-a", noon)
	_ = r.Close()
	master := filepath.Join(dir, "master.key")
	if info, err := os.Stat(master); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if err := os.Chmod(master, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Fatalf("a master key others can read: %v", err)
	}
	_ = os.Remove(master)
	if _, err := Open(dir, Options{}); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Fatalf("a store without its master key: %v", err)
	}
	if err := os.WriteFile(master, []byte(hex.EncodeToString(make([]byte, 31))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Fatalf("a short master key: %v", err)
	}
}
