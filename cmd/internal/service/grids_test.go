package service

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
)

// imported is the world of a township file, in a register of its own.
func imported(t *testing.T, path string) *policy.World {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return importedText(t, string(text))
}

func importedText(t *testing.T, text string) *policy.World {
	t.Helper()
	w, err := tryImport(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func tryImport(t *testing.T, text string) (*policy.World, error) {
	t.Helper()
	cfg := Defaults()
	cfg.Data = t.TempDir()
	reg, err := OpenRegistry(context.Background(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	if _, err := reg.Import(context.Background(), io.NopCloser(strings.NewReader(text)), func(string) (string, error) { return "x", nil }); err != nil {
		return nil, err
	}
	return reg.World(context.Background())
}

// TestGridsOfAnyDepth imports the example of three levels and that of five, and
// asks the same questions of both: who looks is bounded by the tree, however
// deep it is.
func TestGridsOfAnyDepth(t *testing.T) {
	at := time.Date(2026, 11, 18, 14, 0, 0, 0, time.FixedZone("CST", 8*3600))
	for path, want := range map[string]struct {
		camera string
		levels int
	}{
		"../../../deploy/township.example.yaml":     {"camera:door-1", 3},
		"../../../deploy/township.five-levels.yaml": {"camera:door-12", 5},
	} {
		w := imported(t, path)
		cam, ok := w.Camera(want.camera)
		if !ok {
			t.Fatalf("%s: no %s", path, want.camera)
		}
		levels := 0
		for id := cam.Place; id != ""; id = w.Places()[id].Parent {
			levels++
		}
		w = w.WithIncident(&policy.Incident{ID: "inc", Type: "fire", Position: cam.Position, From: at.Add(-time.Minute), To: at.Add(time.Hour)})
		ask := func(w *policy.World) policy.Decision {
			g, err := gate.NewGate(w, func() time.Time { return at }, gate.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return g.Decide(policy.Request{Principal: "officer:chen", Action: policy.ViewLive, Resource: cam.ID, At: at, Purpose: "public_safety", Incident: "inc"})
		}
		if d := ask(w); levels != want.levels || !d.Allowed() {
			t.Errorf("%s: %d levels, %v", path, levels, d.Reasons)
		}
		elsewhere := append(placesOf(w), shouwang.Place{ID: "next-town", Kind: "township"})
		moved, err := w.WithPlaces(elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		chen, _ := moved.Principal("officer:chen")
		next := *chen
		next.Jurisdiction = "next-town"
		if moved, err = moved.WithPrincipal(&next); err != nil {
			t.Fatal(err)
		}
		if d := ask(moved); d.Allowed() {
			t.Errorf("%s: an officer of the next town looks in", path)
		}
	}
}

func placesOf(w *policy.World) (list []shouwang.Place) {
	for _, p := range w.Places() {
		list = append(list, p)
	}
	return list
}

// TestCellsAreCells spoils the example's neighbour cell.
func TestCellsAreCells(t *testing.T) {
	text, err := os.ReadFile("../../../deploy/township.five-levels.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := importedText(t, string(text))
	if cells := w.Cells(); len(cells) != 1 || !w.HasAudience("neighbour-cell-7") || w.HasAudience("neighbour-cell-8") {
		t.Errorf("cells %v", cells)
	}
	const homes = "[house-12, house-14, house-16, house-18, house-20]"
	for name, spoil := range map[string][2]string{
		"four households":        {homes, "[house-12, house-14, house-16, house-18]"},
		"one household twice":    {homes, "[house-12, house-14, house-16, house-18, house-18]"},
		"nine households":        {homes, "[house-12, house-14, house-16, house-18, house-20, grid-3, east-village, lingjiao, zhanyi]"},
		"a household of nowhere": {"house-20]", "house-99]"},
		"guardian from outside":  {`guardian: "resident:gao"`, `guardian: "officer:luo"`},
		"guardian unknown":       {`guardian: "resident:gao"`, `guardian: "resident:none"`},
		"a shop with a guardian": {"kind: enterprise}", `kind: enterprise, guardian: "resident:gao"}`},
	} {
		spoiled := strings.Replace(string(text), spoil[0], spoil[1], 1)
		if _, err := tryImport(t, spoiled); spoiled == string(text) || shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}
