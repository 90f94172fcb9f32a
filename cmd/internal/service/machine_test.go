package service

import (
	"errors"
	"strings"
	"testing"

	"shouwang/policy"
	"shouwang/storage/ledger"
	"shouwang/storage/registry"
)

// TestWhatIsDoneAtTheMachineStandsInTheLog adds a person as the command does: the
// note is written with the change, or there is no change; the log gets it once, at
// the latest when it can be written again.
func TestWhatIsDoneAtTheMachineStandsInTheLog(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	reg := o.s.node.registry
	at := registry.FromMachine(ctx, "root (sudo: chen)@tower", "user add officer:new")
	if err := reg.PutPrincipal(at, policy.Principal{ID: "officer:new", Type: policy.TypeOfficer, Jurisdiction: "nowhere-at-all"}); err == nil {
		t.Fatal("a person of a place that is not there was added")
	}
	if acts, err := reg.MachineActs(ctx, true, 10); err != nil || len(acts) != 0 {
		t.Fatalf("noted though nothing changed: %v %v", acts, err)
	}
	if err := reg.PutPrincipal(at, policy.Principal{ID: "officer:new", Type: policy.TypeOfficer, Name: "新"}); err != nil {
		t.Fatal(err)
	}
	if err := reg.PutPrincipal(ctx, policy.Principal{ID: "officer:page", Type: policy.TypeOfficer}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.s.logMachineActs(ctx); err != nil && !errors.Is(err, ctx.Err()) {
			t.Fatal(err)
		}
	}
	found, err := o.s.ledger.Entries(ctx, ledger.Query{Kinds: []string{policy.KindMachine}})
	if err != nil || len(found) != 1 || found[0].Principal != "machine:root (sudo: chen)@tower" || !strings.HasPrefix(found[0].Detail, "user add officer:new") {
		t.Errorf("logged: %+v %v", found, err)
	}
	told, err := machineLog{o.s.ledger}.MachineActs(ctx, 0, 10)
	if err != nil || len(told) != 1 || told[0].Index != found[0].Index || told[0].Principal != found[0].Principal {
		t.Errorf("told to the oversight: %+v %v", told, err)
	}
	acts, err := reg.MachineActs(ctx, false, 10)
	if err != nil || len(acts) != 1 || !acts[0].Logged {
		t.Errorf("kept: %+v %v", acts, err)
	}
}
