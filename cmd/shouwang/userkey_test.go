package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

// TestKeysAreListedAndRemovedAtTheMachine: with a note for each removal, and with
// what is open under the account.
func TestKeysAreListedAndRemovedAtTheMachine(t *testing.T) {
	data := t.TempDir()
	type answer struct {
		code      int
		out, errs string
	}
	typed := func(line string) answer {
		var out, errs strings.Builder
		code := run(context.Background(), strings.Fields(line+" --data "+data), app{strings.NewReader(""), &out, &errs})
		return answer{code, out.String(), errs.String()}
	}
	if a := typed("user add officer:pu --role approver"); a.code != 0 {
		t.Fatal(a)
	}
	cfg := service.Defaults()
	cfg.Data = data
	with := func(f func(*registry.Registry)) {
		reg, err := service.OpenRegistry(t.Context(), cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		f(reg)
		if err := reg.Close(); err != nil {
			t.Fatal(err)
		}
	}
	with(func(r *registry.Registry) {
		if _, err := r.PasskeyHandle(t.Context(), "pu"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"one", "two", "three"} {
			if err := r.AddPasskey(t.Context(), shouwang.Passkey{ID: id, Account: "pu", Name: "phone " + id, Site: "watch.example", PublicKey: []byte{1}, Created: time.Now()}, 8); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.AddSession(t.Context(), shouwang.Session{Hash: "hash", Account: "pu", Created: time.Now(), Seen: time.Now()}); err != nil {
			t.Fatal(err)
		}
	})
	if a := typed("user key list pu"); a.code != 0 || strings.Count(a.out, "\n") != 3 || !strings.Contains(a.out, "phone two  at watch.example") {
		t.Errorf("list: %+v", a)
	}
	for line, code := range map[string]int{"user key remove pu": 2, "user key remove pu one --all": 2, "user key remove pu four": 1, "user key remove nobody one": 1, "user key list nobody": 1} {
		if a := typed(line); a.code != code || strings.Count(strings.TrimSpace(a.errs), "\n") != 0 {
			t.Errorf("%s: %+v", line, a)
		}
	}
	if a := typed("user key remove pu two"); a.code != 0 || a.out != "removed two of pu\n" {
		t.Errorf("remove: %+v", a)
	}
	if a := typed("user key remove pu --all"); a.code != 0 || strings.Count(a.out, "removed") != 2 {
		t.Errorf("remove all: %+v", a)
	}
	if a := typed("user key list pu --json"); a.code != 0 || a.out != "" {
		t.Errorf("list after: %+v", a)
	}
	with(func(r *registry.Registry) {
		if _, err := r.Session(t.Context(), "hash"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
			t.Errorf("session: %v", err)
		}
		acts, err := r.MachineActs(t.Context(), true, 100)
		if err != nil {
			t.Fatal(err)
		}
		var noted []string
		for _, a := range acts {
			if strings.HasPrefix(a.Act, "user key") {
				noted = append(noted, a.Act)
			}
		}
		if slices.Sort(noted); !slices.Equal(noted, []string{"user key remove pu: one", "user key remove pu: three", "user key remove pu: two"}) {
			t.Errorf("noted: %q", noted)
		}
	})
}
