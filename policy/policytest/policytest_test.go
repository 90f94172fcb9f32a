package policytest

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

func TestAllowCoversExactlyWhatItSays(t *testing.T) {
	t0 := time.Date(2026, 11, 18, 21, 0, 0, 0, time.UTC)
	g := Allow("door-17", policy.Record, shouwang.Span{From: t0, To: t0.Add(time.Hour)},
		policy.Recording{Mode: policy.RecordRolling, Retention: time.Hour})
	if !g.Covers(policy.Record, "door-17", t0) || g.Recording().Mode != policy.RecordRolling {
		t.Error("the grant does not permit what was asked for")
	}
	if g.Covers(policy.ViewLive, "door-17", t0) || g.Covers(policy.Record, "door-18", t0) ||
		g.Covers(policy.Record, "door-17", t0.Add(time.Hour)) {
		t.Error("the grant permits more than was asked for")
	}
}
