package fronttest

import (
	"os"
	"testing"
	"time"

	"shouwang/policy"
)

// World is the policy's own test world, for a room's package two folders below
// the module.
func World(t *testing.T) *policy.World {
	t.Helper()
	f, err := os.Open("../../policy/testdata/world.json")
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

// Book is a record of approvals that holds one, as [Options.Approvals].
type Book struct{ policy.Approval }

// Approved implements gate.Approvals.
func (b *Book) Approved(req *policy.Request, at time.Time) *policy.Approval {
	if !b.Covers(req, at) {
		return nil
	}
	return &b.Approval
}

// Spend implements gate.Approvals.
func (b *Book) Spend(_, decision string, at time.Time) bool {
	if b.Left(at) == 0 {
		return false
	}
	b.UsedFor = append(b.UsedFor, decision)
	return true
}
