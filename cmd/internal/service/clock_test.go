package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/storage/ledger"
)

// metric sums the values of a metric.
func metric(t *testing.T, o *office, name string) (sum float64) {
	t.Helper()
	families, err := o.s.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return sum
}

// TestTimeEndsConsentsAndPauses passes the time of a pause and of a term, and
// finds both written down.
func TestTimeEndsConsentsAndPauses(t *testing.T) {
	o := newOffice(t)
	c := o.s.newClockwork()
	ctx := context.Background()
	state := func() *policy.Consent {
		now, _ := o.s.node.gate.World().Consent("camera:shop-1", "public_safety")
		return now
	}
	paused, err := state().Pause(policy.Change{At: o.clock(), By: "officer:shop"}, o.clock().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.consents().Append(ctx, paused); err != nil {
		t.Fatal(err)
	}
	c.tick(ctx)
	if state().State != policy.Paused {
		t.Fatalf("the pause ended early: %s", state().State)
	}
	o.pass(time.Hour)
	c.tick(ctx)
	if got := state(); got.State != policy.Given || got.Version != 3 {
		t.Errorf("after the pause: %s@%d", got.State, got.Version)
	}
	o.pass(330 * 24 * time.Hour)
	c.tick(ctx)
	if n := metric(t, o, "shouwang_consents_ending"); n != 2 || state().State != policy.Given {
		t.Errorf("%v consents end soon, state %s", n, state().State)
	}
	o.pass(30 * 24 * time.Hour)
	c.tick(ctx)
	c.tick(ctx)
	got := state()
	versions, err := o.s.node.registry.Consents(ctx, got.ID)
	if err != nil || got.State != policy.Expired || len(versions) != 4 || policy.VerifyChain(versions) != nil {
		t.Errorf("after the term: %s, %d versions, %v", got.State, len(versions), err)
	}
}

// TestPoliciesAreFollowedAndBadOnesRefused edits a folder of Cedar files under
// a running gate.
func TestPoliciesAreFollowedAndBadOnesRefused(t *testing.T) {
	o := newOffice(t)
	dir := t.TempDir()
	files, err := os.ReadDir("../../../policy/gate/rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join("../../../policy/gate/rules", f.Name()))
		if err != nil || os.WriteFile(filepath.Join(dir, f.Name()), text, 0o600) != nil {
			t.Fatal(err)
		}
	}
	p := o.s.policies
	p.dir = dir
	before := o.s.node.gate.PolicySet()
	p.look()
	if o.s.node.gate.PolicySet() != before || metric(t, o, "shouwang_policy_reloads_refused_total") != 0 {
		t.Error("the same files are another set")
	}
	path := filepath.Join(dir, "4-permits.cedar")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() policy.Decision {
		return o.s.node.gate.Decide(policy.Request{
			Principal: "officer:grid", Action: policy.Invite, Resource: "camera:door-1", At: o.clock(), Purpose: "public_safety",
		})
	}
	if d := ask(); !d.Allowed() || d.PolicySet != before {
		t.Fatalf("%+v", d)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.look()
	}
	write(strings.Replace(string(good), "context.incident_near };", "context.incident_neer };", 1))
	if o.s.node.gate.PolicySet() != before || metric(t, o, "shouwang_policy_reloads_refused_total") != 1 || !ask().Allowed() {
		t.Error("a set that its schema does not pass was put in force")
	}
	write(strings.Replace(string(good), `["grid_worker", "supervisor"]) };`, `["supervisor"]) };`, 1))
	if d := ask(); d.Allowed() || d.PolicySet == before || d.PolicySet != o.s.node.gate.PolicySet() {
		t.Errorf("the new set is not in force: %+v", d)
	}
	p.say()
	if n := metric(t, o, "shouwang_policy_set_info"); n != 1 {
		t.Errorf("%v hashes in force", n)
	}
	write("no policy at all")
	if metric(t, o, "shouwang_policy_reloads_refused_total") != 2 || ask().Allowed() {
		t.Error("a broken file changed the set")
	}
}

// TestLooksOfTheDayOutliveARestart makes as many looks as the owner allows,
// starts anew and is still refused.
func TestLooksOfTheDayOutliveARestart(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	err := o.s.node.gate.Update(func(w *policy.World) (*policy.World, error) {
		return w.WithIncident(&policy.Incident{ID: "fire", Type: "fire", Position: policy.Position{Lat: 25.7, Lon: 103.8}, From: o.clock().Add(-time.Minute), To: o.clock().Add(24 * time.Hour)}), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	req := policy.Request{Principal: "officer:chen", Action: policy.ViewLive, Resource: "camera:shop-1", Purpose: "public_safety", Incident: "fire"}
	looks := 0
	for ; looks < 40; looks++ {
		d, _ := o.s.node.gate.Look(req)
		if !d.Allowed() {
			break
		}
		made := req
		made.At = o.clock()
		if _, err := o.s.ledger.Append(ctx, policy.NewEntry("look", o.clock(), o.s.node.gate.World(), made, d)); err != nil {
			t.Fatal(err)
		}
		o.pass(31 * time.Minute)
	}
	if looks != 20 {
		t.Fatalf("%d looks before the limit, want 20", looks)
	}
	fresh, err := gate.NewGate(o.s.node.gate.World(), o.clock, gate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := fresh.Look(req); !d.Allowed() {
		t.Fatalf("a gate that recalls nothing: %v", d.Reasons)
	}
	fresh, _ = gate.NewGate(o.s.node.gate.World(), o.clock, gate.Options{})
	o.s.node.gate = fresh
	if err := o.s.recallLooks(ctx); err != nil {
		t.Fatal(err)
	}
	if d, _ := fresh.Look(req); d.Allowed() || d.Reasons[0] != policy.ReasonTooManyLooks {
		t.Errorf("after the restart: %v %v", d.Decision, d.Reasons)
	}
}

// TestWhoWasFilmedIsForgotten closes three requests, one refused, one lapsed,
// one agreed to, and passes the month after which nothing of them is kept.
func TestWhoWasFilmedIsForgotten(t *testing.T) {
	o := newOffice(t)
	c, ctx, began := o.s.newClockwork(), context.Background(), o.clock()
	const name, day = "WANG-XIAOMING", 24 * time.Hour
	file := func(id string, change func(*policy.SubjectRequest)) {
		r := policy.SubjectRequest{
			ID: id, Name: name, Contact: name, Where: name, Reason: name, VerifiedHow: name, Verified: true,
			Subject: policy.FilmedPrefix + id, Filed: began, Until: began.Add(30 * day),
		}
		change(&r)
		store := subjectStore{o.s.node.registry, o.s.node.refresh}
		if err := store.PutPrincipal(ctx, policy.Principal{ID: r.Subject, Type: policy.TypeResident, Name: r.Name}); err != nil {
			t.Fatal(err)
		}
		if err := store.PutSubjectRequest(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	file("refused", func(r *policy.SubjectRequest) { r.Refused, r.Closed = true, began.Add(2*day) })
	file("lapsed", func(*policy.SubjectRequest) {})
	file("agreed", func(r *policy.SubjectRequest) { r.CustodianApprovedBy, r.VerifiedBy = "officer:shop", "officer:grid" })
	file("paper", func(r *policy.SubjectRequest) {
		r.Filed, r.Until = time.Time{}, time.Time{}
		r.Name, r.Contact, r.Where, r.Reason, r.VerifiedHow = "", "", "", "", ""
	})
	left := func(when string, want ...string) {
		t.Helper()
		c.tick(ctx)
		var have []string
		for _, r := range o.s.node.gate.World().SubjectRequests() {
			have = append(have, r.ID)
			if _, ok := o.s.node.gate.World().Principal(r.Subject); !ok {
				t.Errorf("%s: %s is gone before the request", when, r.Subject)
			}
		}
		if strings.Join(have, " ") != strings.Join(want, " ") {
			t.Errorf("%s: kept %v, want %v", when, have, want)
		}
	}
	o.pass(32*day - time.Second)
	left("a second before the month", "agreed", "lapsed", "paper", "refused")
	o.pass(time.Second)
	left("a month after the refusal", "agreed", "lapsed", "paper")
	o.pass(28 * day)
	left("a month after the rest lapsed", "paper")
	for _, id := range []string{"refused", "lapsed", "agreed"} {
		if _, ok := o.s.node.gate.World().Principal(policy.FilmedPrefix + id); ok {
			t.Errorf("%s outlives the request", id)
		}
	}
	o.forgets(name)
}

// forgets fails if the text stands anywhere in the register's file, free pages
// included, or in the access log.
func (o *office) forgets(text string) {
	o.t.Helper()
	ctx := context.Background()
	found, err := o.s.ledger.Entries(ctx, ledger.Query{Kinds: []string{"subject_request"}, Span: shouwang.Span{To: o.clock().Add(time.Hour)}, Limit: 10})
	if err != nil || len(found) != 3 {
		o.t.Errorf("logged: %+v %v", found, err)
	}
	for _, e := range found {
		if e.Person != "" || strings.Contains(fmt.Sprint(e), text) {
			o.t.Errorf("the log names whom it forgot: %+v", e)
		}
	}
	for _, name := range []string{"registry.db", "registry.db-wal"} {
		raw, err := os.ReadFile(o.s.cfg.path(name))
		if err != nil && !os.IsNotExist(err) {
			o.t.Fatal(err)
		}
		if strings.Contains(string(raw), text) {
			o.t.Errorf("%s still holds %q", name, text)
		}
	}
}
