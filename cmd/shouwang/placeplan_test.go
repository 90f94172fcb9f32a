package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

// TestWhatIsAppliedAtTheMachineLeavesItsNote changes places with the command: a
// plan alone leaves no note, what is done leaves one with its change, and what is
// refused, or would change nothing, none.
func TestWhatIsAppliedAtTheMachineLeavesItsNote(t *testing.T) {
	data := t.TempDir()
	command := func(in string, args ...string) (int, string) {
		var out, errs strings.Builder
		code := run(context.Background(), append(args, "--data", data, "-"), app{strings.NewReader(in), &out, &errs})
		return code, out.String() + errs.String()
	}
	notes := func() []registry.MachineAct {
		cfg := service.Defaults()
		cfg.Data = data
		r, err := service.OpenRegistry(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		acts, err := r.MachineActs(t.Context(), true, 10)
		if err != nil {
			t.Fatal(err)
		}
		return acts
	}
	const town = "timezone: Asia/Shanghai\nplaces:\n- {id: town, kind: township, name: 镇}\n- {id: grid, kind: grid, parent: town, name: 网格}\n"
	if code, said := command(town, "place", "import"); code != 0 {
		t.Fatalf("import: %d %s", code, said)
	}
	next := strings.ReplaceAll(town, "网格", "第一网格")
	steps := []struct {
		name, in string
		args     []string
		code     int
		notes    int
	}{
		{"a plan alone", next, []string{"place", "plan"}, 0, 1},
		{"what is in the way", "places:\n- {id: grid, kind: grid, parent: nowhere}\n", []string{"place", "plan", "--apply"}, 1, 1},
		{"applied", next, []string{"place", "plan", "--apply"}, 0, 2},
		{"nothing to change", next, []string{"place", "plan", "--apply"}, 0, 2},
	}
	for _, s := range steps {
		code, said := command(s.in, s.args...)
		if code != s.code {
			t.Errorf("%s: exit %d: %s", s.name, code, said)
		}
		if got := notes(); len(got) != s.notes {
			t.Errorf("%s: %d notes: %+v", s.name, len(got), got)
		}
	}
	last := notes()[1]
	if !strings.HasPrefix(last.Act, "place plan --apply -: 1 places changed, 0 people") || !strings.Contains(last.Who, "@") {
		t.Errorf("the note says %+v", last)
	}
}
