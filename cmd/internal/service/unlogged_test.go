package service

import (
	"context"
	"errors"
	"testing"
	"time"

	"shouwang/policy"
	"shouwang/storage/receipt"
)

// awayLog is an access log that takes nothing while it is away.
type awayLog struct {
	policy.Auditor
	away bool
}

func (l *awayLog) Append(ctx context.Context, e policy.Entry) (uint64, error) {
	if l.away {
		return 0, errors.New("the disk is full")
	}
	return l.Auditor.Append(ctx, e)
}

// An erasure never waits for the log; its entry does, over a restart too, and
// the receipt that was given without it gets its place afterwards.
func TestADestructionThatCouldNotBeLoggedIsLoggedLater(t *testing.T) {
	e := newEstate(t)
	log := &awayLog{Auditor: e.ledger, away: true}
	e.eraser.audit = log
	given := e.camera("door")
	e.record("door", time.Now().Add(-time.Hour))
	gone, err := given.Withdraw(policy.Change{At: time.Now(), By: "resident:li", Channel: "app"})
	e.must(err)
	paper, err := e.consents().Append(t.Context(), gone)
	e.must(err)
	if paper.KeysGone != 1 || paper.LogIndex != nil {
		t.Fatalf("while the log is away: %+v", paper)
	}
	if err := e.consents().relog(t.Context()); err == nil {
		t.Error("the log is away and nobody says so")
	}
	// The service starts again: what waits is on the disk.
	e.eraser = &eraser{gate: e.node.gate, archive: e.node.archive, audit: log, clock: e.clock, log: e.log}
	log.away = false
	for range 2 { // once, however often it is tried
		e.must(e.consents().relog(t.Context()))
	}
	after, err := e.consents().Receipt(t.Context(), paper.ID)
	e.must(err)
	said, err := receipt.Verify(after.Signed, e.notary.Key())
	e.must(err)
	if after.LogIndex == nil || said.Log != *after.LogIndex || said.Keys != 1 || said.KeysHash == receipt.HashKeys(nil) {
		t.Errorf("afterwards: %+v, signed %+v", after, said)
	}
	before, err := receipt.Verify(paper.Signed, e.notary.Key())
	e.must(err)
	if before.KeysHash != said.KeysHash || before.Log != -1 {
		t.Errorf("the first paper: %+v", before)
	}
	if left, err := e.eraser.waiting(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("still waiting: %v %v", left, err)
	}
}

// An erasure without a receipt (a camera taken away) waits only for the log.
func TestARecentDestructionWaitsForItsReceipt(t *testing.T) {
	e := newEstate(t)
	log := &awayLog{Auditor: e.ledger, away: true}
	now := time.Now()
	e.eraser.audit, e.eraser.clock = log, func() time.Time { return now }
	e.camera("door")
	e.record("door", now.Add(-time.Hour))
	_, err := e.eraser.erase(t.Context(), "door", "camera_gone")
	e.must(err)
	log.away = false
	e.must(e.consents().relog(t.Context()))
	if left, _ := e.eraser.waiting(t.Context()); len(left) != 1 {
		t.Errorf("logged before its receipt could be written: %v", left)
	}
	now = now.Add(2 * time.Minute)
	e.must(e.consents().relog(t.Context()))
	if left, _ := e.eraser.waiting(t.Context()); len(left) != 0 {
		t.Errorf("still waiting: %v", left)
	}
}
