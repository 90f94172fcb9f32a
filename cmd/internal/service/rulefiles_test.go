package service

import (
	"os"
	"path/filepath"
	"testing"

	"shouwang"
	"shouwang/analyze/event/rules"
	ruleroom "shouwang/web/rules"
)

// TestRulesThatAreDrawnAreWhatAPipelineReads: what the room writes parses as a
// pipeline parses it; what cannot work, or was drawn over older rules, is not written.
func TestRulesThatAreDrawnAreWhatAPipelineReads(t *testing.T) {
	ctx, f := t.Context(), newRuleFiles(filepath.Join(t.TempDir(), "rules"))
	empty, err := f.Read(ctx, "gate")
	if err != nil || empty.Revision != "" || len(empty.Rules) != 0 {
		t.Fatalf("%+v, %v", empty, err)
	}
	zone := shouwang.Polygon{{0.1, 0.1}, {0.9, 0.1}, {0.5, 0.9}}
	kept, err := f.Write(ctx, "gate", "", []ruleroom.Rule{{Name: "院子", Kind: shouwang.KindLoitering, Zone: zone}})
	if err != nil || kept.Revision == "" || kept.Rules[0].Seconds != 60 {
		t.Fatalf("written as %+v, %v", kept, err)
	}
	raw, err := os.ReadFile(filepath.Join(f.dir, "gate.json"))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := rules.Parse(raw); err != nil || len(list) != 1 || len(list[0].Zone) != 3 {
		t.Fatalf("a pipeline reads %+v, %v", list, err)
	}
	if _, err := f.Write(ctx, "gate", "", nil); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("written over newer rules: %v", err)
	}
	twice := []ruleroom.Rule{{Name: "a", Kind: shouwang.KindTamper}, {Name: "a", Kind: shouwang.KindCrowd}}
	if _, err := f.Write(ctx, "gate", kept.Revision, twice); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("two of one name: %v", err)
	}
	if gone, err := f.Write(ctx, "gate", kept.Revision, nil); err != nil || len(gone.Rules) != 0 || gone.Revision == "" {
		t.Errorf("taken away: %+v, %v", gone, err)
	}
	if err := os.WriteFile(f.path("gate"), []byte("{nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken, err := f.Read(ctx, "gate"); err != nil || broken.Fault == "" || broken.Revision == "" {
		t.Errorf("a file that cannot be read: %+v, %v", broken, err)
	}
	if _, err := f.Read(ctx, "../secret"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("a path: %v", err)
	}
}
