package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"shouwang/cmd/internal/service"
)

// TestEveryCommandThatChangesTheRegisterIsNoted: each leaves its note, and what
// only reads leaves none.
func TestEveryCommandThatChangesTheRegisterIsNoted(t *testing.T) {
	data := t.TempDir()
	const town = "timezone: Asia/Shanghai\nplaces:\n  - {id: town, kind: township, parent: \"\", name: 乡}\nunits:\n  - {id: hall, name: 政府, kind: department}\n"
	renamed := strings.Replace(town, "乡", "镇", 1)
	for _, c := range []struct{ in, line string }{
		{town, "place import DATA -"},
		{"", "user add DATA officer:new --role oversight --on-duty"},
		{renamed, "place plan DATA -"},
		{renamed, "place plan DATA --apply -"},
		{"", "camera add DATA gate-1 --place town --legal-class public --mount public --owner unit:hall --push"},
		{"", "user list DATA"},
		{"", "camera remove DATA gate-1"},
	} {
		var out, errs strings.Builder
		line := strings.Fields(strings.Replace(c.line, "DATA", "--data "+data, 1))
		if code := run(context.Background(), line, app{strings.NewReader(c.in), &out, &errs}); code != 0 {
			t.Fatalf("%s: exit %d: %s", c.line, code, errs.String())
		}
	}
	cfg := service.Defaults()
	cfg.Data = data
	reg, err := service.OpenRegistry(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	acts, err := reg.MachineActs(t.Context(), true, 100)
	if err != nil {
		t.Fatal(err)
	}
	var noted []string
	for _, a := range acts {
		noted = append(noted, a.Act)
		if a.Who == "" {
			t.Errorf("%s: by nobody", a.Act)
		}
	}
	// Two of one moment may change places.
	want := []string{"camera add gate-1", "camera remove gate-1", "place import -", "place plan --apply -: 1 places changed, 0 people reach more", "user add officer:new, roles [oversight]", "user add officer:new, signs in as new"}
	if slices.Sort(noted); !slices.Equal(noted, want) {
		t.Errorf("noted:\n%s\nwant:\n%s", strings.Join(noted, "\n"), strings.Join(want, "\n"))
	}
}
