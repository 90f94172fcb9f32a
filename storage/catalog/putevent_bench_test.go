package catalog_test

import (
	"path/filepath"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/catalog"
)

// BenchmarkPutEvent is an event told once more, as happens every second while
// it lives.
func BenchmarkPutEvent(b *testing.B) {
	db, err := catalog.Open(b.Context(), filepath.Join(b.TempDir(), "catalog.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	e := []shouwang.Event{{ID: "e", Camera: "gate", Kind: shouwang.KindMotion, Phase: shouwang.PhaseUpdate, Start: at}}
	b.ReportAllocs()
	for b.Loop() {
		if err := db.PutEvents(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
}
