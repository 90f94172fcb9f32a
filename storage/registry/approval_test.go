package registry_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func approvals(t *testing.T, r *registry.Registry) *registry.Approvals {
	t.Helper()
	b, err := r.Approvals(t.Context())
	must(t, err)
	return b
}

func given() *policy.Approval {
	return &policy.Approval{
		ID: "ap-1", State: policy.ApprovalGiven, Requester: "officer:a", Approver: "officer:b", Action: policy.Export,
		Camera: "camera:door", From: noon.Add(-time.Hour), To: noon.Add(-30 * time.Minute), Purpose: "public_safety", Case: "c-1",
		Asked: noon.Add(-time.Minute), Answered: noon, Expires: noon.Add(time.Hour), Uses: 2,
	}
}

func asking() *policy.Request {
	return &policy.Request{
		Principal: "officer:a", SecondPerson: "officer:b", Action: policy.Export, Resource: "camera:door", Purpose: "public_safety", Case: "c-1",
		Footage: &policy.Footage{Camera: "camera:door", From: noon.Add(-time.Hour), To: noon.Add(-50 * time.Minute)},
	}
}

// TestApprovalsAreSpentOnceThoughManyAsk: a use counts before it is handed
// out, and no restart forgets it.
func TestApprovalsAreSpentOnceThoughManyAsk(t *testing.T) {
	r, path := fresh(t)
	b := approvals(t, r)
	_, err := b.Change(t.Context(), "ap-1", func(old *policy.Approval) (*policy.Approval, error) {
		if old != nil {
			t.Error("it is new")
		}
		return given(), nil
	})
	must(t, err)
	if a := b.Approved(asking(), noon); a == nil || a.Approver != "officer:b" {
		t.Fatal("it covers what it was given for")
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if b.Spend("ap-1", "d", noon) {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 2 {
		t.Errorf("it was used %d times, not 2", won.Load())
	}
	must(t, r.Close())
	again := approvals(t, open(t, path))
	if again.Approved(asking(), noon) != nil || again.Spend("ap-1", "d", noon) {
		t.Error("a restart forgot that it was used up")
	}
	within := asking()
	within.Approval, within.Within = "ap-1", "d"
	if again.Approved(within, noon) == nil {
		t.Error("the look that began under it goes on after a restart")
	}
	if list := again.List(func(*policy.Approval) bool { return true }); len(list) != 1 || len(list[0].UsedFor) != 2 {
		t.Errorf("listed: %v", list)
	}
}

func TestAChangeThatFailsLeavesTheApproval(t *testing.T) {
	r, _ := fresh(t)
	b := approvals(t, r)
	want := errors.New("no")
	if _, err := b.Change(t.Context(), "ap-1", func(*policy.Approval) (*policy.Approval, error) { return nil, want }); !errors.Is(err, want) {
		t.Error(err)
	}
	_, err := b.Approval("ap-1")
	wantCode(t, err, shouwang.CodeNotFound)
	_, err = b.Change(t.Context(), "ap-2", func(*policy.Approval) (*policy.Approval, error) { return given(), nil })
	wantCode(t, err, shouwang.CodeBadUsage)
}
