package gate

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"shouwang/policy"
)

// row is a line of scenarios.jsonl.
type row struct {
	Request policy.Request `json:"request"`
	Expect  struct {
		Decision    string                `json:"decision"`
		Obligations []policy.ObligationID `json:"obligations"`
		Reasons     []policy.Reason       `json:"reasons"` // ours only: what a denial must say
		TTL         int                   `json:"ttl_s"`   // ours only
	} `json:"expect"`
	Why string `json:"why"`
}

func readRows(t testing.TB, dir string) []row {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "scenarios.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []row
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		rows = append(rows, r)
	}
	return rows
}

func readWorld(t testing.TB, dir string) *policy.World {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "world.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := policy.LoadWorld(f)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newGate(t testing.TB, w *policy.World) *Gate {
	t.Helper()
	g, err := NewGate(w, time.Now, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// sampled says that what asks every question there is asks a sample: one
// goroutine that counts shows the race detector nothing, at ten times the cost.
// deploy/setup/test.sh runs this package once with it and once, whole, without.
func sampled() bool { return testing.Short() || raceEnabled }

const sharedDir = "../../../shared/policy"

func TestSharedScenarios(t *testing.T) {
	if _, err := os.Stat(sharedDir); err != nil {
		t.Skip("no ../shared/policy beside the repository: only our own scenarios are run")
	}
	runScenarios(t, sharedDir)
}

func TestOwnScenarios(t *testing.T) { runScenarios(t, "../testdata") }

func runScenarios(t *testing.T, dir string) {
	g := newGate(t, readWorld(t, dir))
	rows := readRows(t, dir)
	if len(rows) < 15 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, r := range rows {
		t.Run(r.Request.ID, func(t *testing.T) { checkRow(t, g, r) })
	}
}

func checkRow(t *testing.T, g *Gate, r row) {
	d := g.Decide(r.Request)
	var ids []policy.ObligationID
	for _, o := range d.Obligations {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	slices.Sort(r.Expect.Obligations)
	if d.Decision != r.Expect.Decision || !slices.Equal(ids, r.Expect.Obligations) {
		t.Errorf("%s: got %s %v for %v, want %s %v", r.Why, d.Decision, ids, d.Reasons, r.Expect.Decision, r.Expect.Obligations)
	}
	if r.Expect.Reasons != nil && !slices.Equal(d.Reasons, r.Expect.Reasons) {
		t.Errorf("%s: reasons %v, want %v", r.Why, d.Reasons, r.Expect.Reasons)
	}
	if r.Expect.TTL != 0 && d.TTL != r.Expect.TTL {
		t.Errorf("%s: ttl %d, want %d", r.Why, d.TTL, r.Expect.TTL)
	}
	if d.TextForOfficer == "" || d.TextForResident == "" || d.DecisionID == "" || len(d.PolicySet) < 70 {
		t.Errorf("the envelope has holes: %+v", d)
	}
}
