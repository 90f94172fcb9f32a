package casebook_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/casebook"
)

var at = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *casebook.Book {
	t.Helper()
	b, err := casebook.Open(t.Context(), casebook.Config{
		Path: filepath.Join(dir, "casebook.db"), SecretPath: filepath.Join(dir, "secret.key"), Clock: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestWhatACaseGathersComesBack(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	clip := casebook.Item{
		ID: "i-1", Case: "c-1", Kind: "clip", Camera: "door", Span: shouwang.Span{From: at, To: at.Add(time.Minute)}, Text: "戴红帽的人", By: "officer:wang", At: at,
	}
	if err := b.Add(t.Context(), clip); err != nil {
		t.Fatal(err)
	}
	if err := b.SetSheet(t.Context(), "c-1", "officer:wang", casebook.Sheet{Basis: "art. 54", Second: "officer:pu"}); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context(), "c-1", "i-1", "officer:hu"); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context(), "c-1", "i-1", "officer:hu"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("removed twice: %v", err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	items, err := b.Items(t.Context(), "c-1")
	if err != nil || len(items) != 1 || items[0].Text != clip.Text || !items[0].From.Equal(at) || items[0].RemovedBy != "officer:hu" {
		t.Errorf("%+v %v", items, err)
	}
	if others, _ := b.Items(t.Context(), "c-2"); len(others) != 0 {
		t.Errorf("another case holds %v", others)
	}
	sheet, err := b.Sheet(t.Context(), "c-1")
	if err != nil || sheet.Second != "officer:pu" {
		t.Errorf("%+v %v", sheet, err)
	}
	history, err := b.History(t.Context(), "c-1", 0)
	if err != nil || len(history) != 3 || history[0].Did != "removed" || history[2].Did != "clip" || history[2].By != "officer:wang" {
		t.Errorf("%+v %v", history, err)
	}
}

func TestFreeTextIsSealedAndTheJournalOnlyGrows(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	const secret = "the-man-with-the-red-hat"
	if err := b.Add(t.Context(), casebook.Item{ID: "i-1", Case: "c-1", Kind: "note", Text: secret, By: "officer:wang", At: at}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "casebook.db")
	for _, name := range []string{path, path + "-wal"} {
		if raw, err := os.ReadFile(name); err == nil && bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s holds the note in clear", filepath.Base(name))
		}
	}
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, statement := range []string{`UPDATE journal SET by='nobody'`, `DELETE FROM journal`} {
		if _, err := raw.Exec(statement); err == nil {
			t.Errorf("%s went through", statement)
		}
	}
}
