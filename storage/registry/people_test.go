package registry_test

import (
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

func TestWelcomesWorkOnceAndNotForLong(t *testing.T) {
	r, _ := fresh(t)
	ctx := t.Context()
	now := time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)
	if err := r.PutPrincipal(ctx, policy.Principal{ID: "admin:ops", Type: policy.TypeAdministrator}); err != nil {
		t.Fatal(err)
	}
	if err := r.AddAccount(ctx, shouwang.Account{Name: "ops", Principal: "admin:ops", PasswordHash: "x", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"first", "second"} {
		if err := r.PutWelcome(ctx, hash, "ops", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Welcome(ctx, "first", now); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("a link that was replaced: %v", err)
	}
	if _, err := r.Welcome(ctx, "second", now.Add(time.Hour)); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("a link that is too old: %v", err)
	}
	if who, err := r.Welcome(ctx, "second", now); err != nil || who != "ops" {
		t.Errorf("the link is for %q, %v", who, err)
	}
	if err := r.UseWelcome(ctx, "second", now); err != nil {
		t.Error(err)
	}
	if err := r.UseWelcome(ctx, "second", now); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("used twice: %v", err)
	}
}

func TestProposalsAreKeptNewestFirst(t *testing.T) {
	r, _ := fresh(t)
	ctx := t.Context()
	now := time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)
	for i, id := range []string{"a", "b"} {
		if err := r.PutProposal(ctx, id, now.Add(time.Duration(i)*time.Minute), []byte(`{"id":"`+id+`","state":"asked"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.PutProposal(ctx, "a", now, []byte(`{"id":"a","state":"signed"}`)); err != nil {
		t.Fatal(err)
	}
	all, err := r.Proposals(ctx)
	if err != nil || len(all) != 2 || string(all[0]) != `{"id":"b","state":"asked"}` || string(all[1]) != `{"id":"a","state":"signed"}` {
		t.Errorf("proposals: %s, %v", all, err)
	}
}
