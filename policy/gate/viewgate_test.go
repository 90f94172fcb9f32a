package gate

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

// forcedWorld is the own world with the view gate forced, every camera's view
// signed by these.
func forcedWorld(t *testing.T, signers ...string) *policy.World {
	t.Helper()
	data := readWorld(t, "../testdata").Data()
	data.ViewGate = policy.ViewGateRequired
	for i, c := range data.Cameras {
		cam := *c
		cam.ViewApprovedBy = signers
		data.Cameras[i] = &cam
	}
	w, err := policy.NewWorld(data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestForcedViewGateOpensNothingUnapproved asks a sample of every question there
// is in three worlds: as it is, forced and unsigned, forced and signed.
func TestForcedViewGateOpensNothingUnapproved(t *testing.T) {
	t.Parallel()
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	plain, unsigned, signed := readWorld(t, "../testdata"), forcedWorld(t, "officer:grid"), forcedWorld(t, "officer:grid", "officer:boss")
	closed, same := 0, 0
	rng := rand.New(rand.NewPCG(6, 5))
	everyRequest(plain, func(req policy.Request) {
		if rng.IntN(20) != 0 || raceEnabled && rng.IntN(10) != 0 {
			return
		}
		judge := func(w *policy.World) (*scene, bool) {
			s, wrong := newScene(w, &asked{Request: req}, false)
			return s, wrong == "" && rules.judge(*s.weigh()).allow
		}
		_, before := judge(plain)
		s, opened := judge(unsigned)
		if opened && s.basis == basisConsent && s.isTouch() && s.req.Action != policy.ApproveView {
			t.Fatalf("opened unsigned: %+v", req)
		}
		if before && !opened {
			closed++
		}
		if _, again := judge(signed); again != before {
			t.Fatalf("signed by two it is another answer: %+v", req)
		}
		if before && opened {
			same++
		}
	})
	if closed < 10 || same < 10 {
		t.Errorf("%d closed, %d open as before", closed, same)
	}
}

// TestForcedViewGateStopsTheMachine follows analysis and recording of a shared
// camera from an unsigned view to a signed one.
func TestForcedViewGateStopsTheMachine(t *testing.T) {
	w := forcedWorld(t)
	at := time.Date(2026, 11, 18, 14, 0, 0, 0, china)
	g, err := NewGate(w, func() time.Time { return at }, Options{Language: policy.English})
	if err != nil {
		t.Fatal(err)
	}
	shared := shared(t, g, at)
	camera := shouwang.CameraID(strings.TrimPrefix(shared, "camera:"))
	for _, grant := range []Grant{g.Analyze(camera, at), g.Record(camera, at)} {
		if d := grant.Decision(); d.Allowed() || !slices.Equal(d.Reasons, []policy.Reason{policy.ReasonViewNotApproved}) {
			t.Errorf("unsigned: %v", d.Reasons)
		}
	}
	if !w.ViewWaiting(shared) {
		t.Error("nothing says that two signatures are waited for")
	}
	cam, _ := w.Camera(shared)
	next := *cam
	next.ViewApprovedBy = []string{"officer:grid", "officer:boss"}
	told := []shouwang.CameraID{}
	g.OnChange(func(id shouwang.CameraID) { told = append(told, id) })
	if err := g.Update(func(w *policy.World) (*policy.World, error) { return w.WithCamera(&next) }); err != nil {
		t.Fatal(err)
	}
	if !g.Record(camera, at).Covers(policy.Record, camera, at) || g.World().ViewWaiting(shared) || !slices.Equal(told, []shouwang.CameraID{camera}) {
		t.Errorf("signed: %v, told %v", g.Record(camera, at).Decision().Reasons, told)
	}
}

// shared is a camera that would be recorded and analysed if its view were signed.
func shared(t *testing.T, g *Gate, at time.Time) string {
	t.Helper()
	free, err := NewGate(readWorld(t, "../testdata"), func() time.Time { return at }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, cam := range g.World().Cameras() {
		id := cam.CameraID()
		if cam.LegalClass != shouwang.ClassPublic && free.Record(id, at).Decision().Allowed() && free.Analyze(id, at).Decision().Allowed() {
			return cam.ID
		}
	}
	t.Fatal("the world has no camera that is recorded by consent")
	return ""
}

// TestTheConsentsOwnSignaturesOpen names the two signers in the record alone.
func TestTheConsentsOwnSignaturesOpen(t *testing.T) {
	w := forcedWorld(t)
	cam := &policy.Camera{}
	for _, c := range []struct {
		record []string
		open   bool
	}{{nil, false}, {[]string{"a"}, false}, {[]string{"a", "a"}, false}, {[]string{"a", "b"}, true}} {
		if got := w.ViewApproved(cam, &policy.Consent{Device: &policy.ConsentDevice{ViewApprovedBy: c.record}}); got != c.open {
			t.Errorf("%v: %v", c.record, got)
		}
	}
	if w.ViewApproved(cam, nil) || !(&policy.World{}).ViewApproved(cam, nil) {
		t.Error("no consent")
	}
	if _, err := policy.NewWorld(policy.WorldData{Timezone: "Asia/Shanghai", ViewGate: "maybe"}); err == nil || !strings.Contains(err.Error(), "required or recorded") {
		t.Errorf("nonsense: %v", err)
	}
}

// withoutViewGate is the set as it was before there was a view gate.
func withoutViewGate(t *testing.T) *Rules {
	t.Helper()
	raw, err := os.ReadFile("rules/2-consent.cedar")
	if err != nil {
		t.Fatal(err)
	}
	policy, ok := splitPolicies(string(raw))["view_approved"]
	if !ok {
		t.Fatal("there is no policy view_approved")
	}
	rules, err := ParseRules(mutated(t, mutant{file: "2-consent.cedar", text: strings.Replace(string(raw), policy, "", 1)}))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// TestRulesThatDoNotKnowTheViewGate are refused where the township forces it,
// and bind nobody where it does not. If the township changes under them the gate
// carries it out by itself.
func TestRulesThatDoNotKnowTheViewGate(t *testing.T) {
	old, at := withoutViewGate(t), time.Date(2026, 11, 18, 14, 0, 0, 0, china)
	clock := func() time.Time { return at }
	forced, free := forcedWorld(t), readWorld(t, "../testdata")
	builtin, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckViewGate(forced, builtin); err != nil {
		t.Errorf("the set built in: %v", err)
	}
	if _, err := NewGate(forced, clock, Options{Rules: old}); shouwang.CodeOf(err) != shouwang.CodeBadConfig || !strings.Contains(err.Error(), "view_approved") {
		t.Errorf("the older set starts: %v", err)
	}
	g, err := NewGate(free, clock, Options{Rules: old})
	if err != nil {
		t.Fatal(err)
	}
	id := shouwang.CameraID(strings.TrimPrefix(shared(t, g, at), "camera:"))
	look := policy.Request{Principal: "officer:ding", Action: policy.ViewLive, Resource: policy.CameraResource(id), Purpose: "public_safety", At: at}
	for _, row := range readRows(t, "../testdata") {
		if row.Request.Action == policy.ViewLive && row.Expect.Decision == "allow" && row.Request.Resource == look.Resource {
			look = row.Request
		}
	}
	if !g.Decide(look).Allowed() {
		t.Fatalf("nothing to see before: %v", g.Decide(look).Reasons)
	}
	g.Swap(forced)
	for what, d := range map[string]policy.Decision{"look": g.Decide(look), "record": g.Record(id, at).Decision(), "analyze": g.Analyze(id, at).Decision()} {
		if d.Allowed() || !slices.Equal(d.Reasons, []policy.Reason{policy.ReasonViewNotApproved}) {
			t.Errorf("%s under the older set: %s %v", what, d.Decision, d.Reasons)
		}
	}
	g.Swap(forcedWorld(t, "officer:grid", "officer:boss"))
	if !g.Decide(look).Allowed() || !g.Record(id, at).Decision().Allowed() {
		t.Errorf("signed by two: %v", g.Decide(look).Reasons)
	}
}
