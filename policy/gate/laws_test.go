package gate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cedar-policy/cedar-go/types"

	"shouwang"
	"shouwang/policy"
)

// law is a numbered sentence of docs/design/consent.md about every decision
// there is. It sees what was asked and what was allowed, nothing of how.
type law struct {
	n    int
	text string
	// broken reports whether an allowed request breaks the law.
	broken func(s *scene, v *verdict) bool
}

// laws are written from the world and the request alone, so that they do not
// repeat a mistake of the facts.
var laws = []law{
	{1, "forbidden actions are denied to everybody", func(s *scene, _ *verdict) bool {
		return slices.Contains([]policy.Action{policy.FaceMatch, policy.AutoPenalty, policy.PlateLookup}, s.req.Action)
	}},
	{2, "no administrator, contractor or oversight sees a picture", func(s *scene, _ *verdict) bool {
		return s.picture() && (s.who.Type == policy.TypeAdministrator || s.who.Has(policy.RoleContractor) || s.who.Has(policy.RoleOversight))
	}},
	{3, "a service from outside may do nothing", func(s *scene, _ *verdict) bool { return s.who.Type == policy.TypeService }},
	{4, "no consent, no picture: only the owner and an order do without", func(s *scene, _ *verdict) bool {
		if s.cam.LegalClass == shouwang.ClassPublic || ownsIt(s) || s.req.Action == policy.Export && s.req.Order != "" {
			return false
		}
		c, ok := s.world.Consent(s.cam.ID, s.req.Purpose)
		return s.isTouch() && (!ok || c.State != policy.Given && c.State != policy.Renewed || !s.at.Before(c.NotAfter) || c.PauseUntil != nil && s.at.Before(*c.PauseUntil))
	}},
	{5, "outside the agreed hours only an incident agreed to opens, and only the live view", func(s *scene, _ *verdict) bool {
		if s.cam.LegalClass == shouwang.ClassPublic || ownsIt(s) || s.req.Action == policy.Export && s.req.Order != "" || !s.picture() {
			return false
		}
		h := s.captured.From.In(china).Hour()
		return (h < 7 || h >= 22) && (s.req.Action != policy.ViewLive || s.req.Incident == "" || s.consent.Incident == nil || !s.consent.Allows(policy.ModeIncident))
	}},
	{6, "every purpose but the listed ones is denied to all but owners and filmed persons", func(s *scene, _ *verdict) bool {
		return (s.picture() || s.req.Action == policy.Search) && s.who.Type != policy.TypeResident && s.req.Purpose != "public_safety"
	}},
	{7, "export, clear look and hold take a case, a second person and a fresh factor", func(s *scene, _ *verdict) bool {
		return s.isGrave() && (s.req.Case != "case-1" || s.req.SecondPerson == "" || s.req.SecondPerson == s.req.Principal || s.req.SecondFactorAge > 300)
	}},
	{8, "a kiosk does nothing but masked, blurred, attended live pictures", func(s *scene, v *verdict) bool {
		return s.who.Type == policy.TypeKiosk && (s.req.Action != policy.ViewLive || !s.who.Attended || !has(v, policy.ObligeMask, policy.ObligeBlurPeople, policy.ObligeBlurPlates, policy.ObligeNoDownload, policy.ObligeWatermark))
	}},
	{9, "a resident sees their own camera, what was filmed of them with all others blurred, or as guardian a chosen cell's live picture in an incident", func(s *scene, v *verdict) bool {
		if s.asGuardian() && s.req.Action == policy.ViewLive && s.req.Incident != "" {
			return !has(v, policy.ObligeMask, policy.ObligeBlurPeople, policy.ObligeBlurPlates, policy.ObligeWatermark, policy.ObligeNotifyOwner, policy.ObligeNoDownload)
		}
		return s.who.Type == policy.TypeResident && s.picture() && !ownsIt(s) &&
			(s.req.SubjectRequest == "" || s.req.Action != policy.Playback || !has(v, policy.ObligeBlurOthers, policy.ObligeNoDownload, policy.ObligeSupervised))
	}},
	{10, "an officer's picture bears a watermark; live view and playback blur people", func(s *scene, v *verdict) bool {
		return s.officer() && s.picture() && (!has(v, policy.ObligeWatermark) || (s.req.Action == policy.ViewLive || s.req.Action == policy.Playback) && !has(v, policy.ObligeMask, policy.ObligeBlurPeople))
	}},
	{11, "the owner of a shared camera is told of every look by an officer", func(s *scene, v *verdict) bool {
		return s.officer() && s.picture() && s.cam.LegalClass != shouwang.ClassPublic && !has(v, policy.ObligeNotifyOwner) && !has(v, policy.ObligeNotifyDeferred)
	}},
	{12, "an officer plays back for an open case only", func(s *scene, _ *verdict) bool {
		return s.officer() && s.req.Action == policy.Playback && s.req.Case != "case-1"
	}},
	{13, "a destroyed key is final", func(s *scene, _ *verdict) bool {
		return s.footage != nil && s.footage.KeyState == policy.KeyShredded && s.req.Action != policy.ManageConsent && s.req.Action != policy.ReadAccessLog
	}},
	{14, "frozen footage opens to an order alone", func(s *scene, _ *verdict) bool {
		return s.footage != nil && s.footage.KeyState == policy.KeyFrozen && s.picture() && (s.req.Order == "" || s.req.Action != policy.Export)
	}},
	{15, "quarantine and a missing sign stop everybody but the owner and those who approve the view", func(s *scene, _ *verdict) bool {
		return s.picture() && !ownsIt(s) && s.req.Action != policy.ApproveView && (s.cam.Quarantined || !s.cam.Sign || s.footage != nil && s.footage.Quarantined)
	}},
	{16, "nobody looks outside their jurisdiction or off duty", func(s *scene, _ *verdict) bool {
		return s.officer() && s.picture() && (!s.who.OnDuty || !s.world.Places().Within(s.cam.Place, s.who.Jurisdiction))
	}},
	{17, "who lives in the grid does not look at recorded or shared pictures alone", func(s *scene, _ *verdict) bool {
		home := s.world.Places().Within(s.cam.Place, s.who.HomeGrid)
		return s.officer() && s.picture() && home && s.req.SecondPerson == "" && (s.req.Action != policy.ViewLive || s.cam.LegalClass != shouwang.ClassPublic)
	}},
	{18, "the machine's work is the machine's alone", func(s *scene, _ *verdict) bool {
		return s.req.Action == policy.Analyze || s.req.Action == policy.Record
	}},
	{20, "only the people of the grid ask owners, on duty and in their area", func(s *scene, _ *verdict) bool {
		return s.req.Action == policy.Invite && (!s.officer() || !s.who.OnDuty || !s.who.Has(policy.RoleGridWorker) && !s.who.Has(policy.RoleSupervisor) ||
			s.who.Has(policy.RoleContractor) || s.who.Has(policy.RoleOversight) || !s.world.Places().Within(s.cam.Place, s.who.Jurisdiction))
	}},
	{21, "a view is seen for approval by grid worker, supervisor, approver or owner alone, under a consent or a filing", func(s *scene, _ *verdict) bool {
		if s.req.Action != policy.ApproveView || ownsIt(s) {
			return false
		}
		c, ok := s.world.Consent(s.cam.ID, s.req.Purpose)
		return !s.officer() || !s.who.Has(policy.RoleGridWorker) && !s.who.Has(policy.RoleSupervisor) && !s.who.Has(policy.RoleApprover) ||
			s.cam.LegalClass != shouwang.ClassPublic && (!ok || !c.State.Live())
	}},
	{19, "every permission ends", func(_ *scene, v *verdict) bool { return v.ttl <= 0 || v.ttl > 900 }},
}

func ownsIt(s *scene) bool { return s.who.Type == policy.TypeResident && s.cam.Owner == s.who.ID }

func has(v *verdict, ids ...policy.ObligationID) bool {
	for _, id := range ids {
		if !slices.Contains(v.oblige, id) {
			return false
		}
	}
	return true
}

// ground is a combination of what a request can lean on.
type ground struct{ kase, incident string }

// TestLawsHoldForEveryRequest asks every question that can be put in the own
// world, more than a million of them, or a sample in a short run.
func TestLawsHoldForEveryRequest(t *testing.T) {
	t.Parallel()
	w := readWorld(t, "../testdata")
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	posed, allowed := 0, 0
	broken := map[int]int{}
	rng := rand.New(rand.NewPCG(1, 2))
	everyRequest(w, func(req policy.Request) {
		if sampled() && rng.IntN(50) != 0 {
			return
		}
		posed++
		s, wrong := newScene(w, &asked{Request: req}, false)
		if wrong != "" {
			return
		}
		v := rules.judge(*s.weigh())
		if !v.allow {
			return
		}
		allowed++
		for _, l := range laws {
			if l.broken(s, v) {
				if broken[l.n]++; broken[l.n] == 1 {
					t.Errorf("law %d (%s) is broken by %+v", l.n, l.text, req)
				}
			}
		}
	})
	t.Logf("%d requests, %d allowed, %d distinct sets of facts", posed, allowed, len(rules.memo.of))
	if allowed == 0 || posed < 1_000_000 && !sampled() {
		t.Errorf("asked %d, allowed %d: the small world is too small", posed, allowed)
	}
}

func everyRequest(w *policy.World, yield func(policy.Request)) {
	var resources []string
	for _, c := range w.Cameras() {
		resources = append(resources, c.ID)
	}
	for _, f := range w.Data().Footage {
		resources = append(resources, f.ID)
	}
	grounds := []ground{{}, {"case-1", ""}, {"case-shut", ""}, {"", "fire-1"}, {"", "fire-night"}}
	acts := []policy.Action{policy.ViewLive, policy.Playback, policy.Export, policy.Unmask, policy.Search, policy.Record, policy.PlaceHold, policy.ReleaseHold, policy.FaceMatch, policy.ApproveView, policy.Invite}
	for _, p := range w.Data().Principals {
		for _, res := range resources {
			for _, act := range acts {
				for _, g := range grounds {
					everyDetail(policy.Request{
						Principal: p.ID, Resource: res, Action: act, Case: g.kase, Incident: g.incident,
					}, yield)
				}
			}
		}
	}
}

// extraSeconds is how many second persons are tried with each extra.
var extraSeconds = [4]int{3, 2, 2, 1}

func everyDetail(req policy.Request, yield func(policy.Request)) {
	for _, req.At = range []time.Time{inHours, atNight} {
		for _, req.Purpose = range []string{"public_safety", ownPurpose, "city_appearance"} {
			for _, extra := range []int{0, 1, 2, 3} {
				seconds := []string{"", "officer:yes", "officer:below"}
				for _, req.SecondPerson = range seconds[:extraSeconds[extra]] {
					req.SecondFactorAge, req.Order, req.SubjectRequest = 60, "", ""
					switch extra {
					case 1:
						req.SecondFactorAge = 3000
					case 2:
						req.Order = "order-1"
					case 3:
						req.SubjectRequest = "ask-1"
					}
					yield(req)
				}
			}
		}
	}
}

// TestLosingAFactNeverHelps checks the promise of the schema: whatever else is
// so, a fact that is lost can only turn a yes into a no.
func TestLosingAFactNeverHelps(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	acts := []policy.Action{policy.ViewLive, policy.Playback, policy.Export, policy.Unmask, policy.Search, policy.Analyze, policy.Record, policy.PlaceHold, policy.ReleaseHold, policy.ManageConsent, policy.ReadAccessLog, policy.Invite, policy.ApproveView}
	bases := []basis{basisConsent, basisFiling, basisOrder, basisSubject, basisOwn}
	kinds := []policy.PrincipalType{policy.TypeOfficer, policy.TypeOfficer, policy.TypeKiosk, policy.TypeResident, policy.TypeService, policy.TypeAdministrator}
	keys := []policy.KeyState{policy.KeyLive, policy.KeyLive, policy.KeyFrozen, policy.KeyHeld, policy.KeyShredded}
	for range 600 {
		f := facts{
			who: kinds[rng.IntN(len(kinds))], action: acts[rng.IntN(len(acts))], basis: bases[rng.IntN(len(bases))],
			roles: uint8(rng.IntN(32)), class: shouwang.ClassResident, key: keys[rng.IntN(len(keys))],
		}
		f.footage = actions[f.action].footage
		for k := range countFacts {
			f.set(k, rng.IntN(12) != 0)
		}
		if rules.judge(f).allow {
			continue
		}
		for k := range countFacts {
			less := f
			if less.set(k, false); less != f && rules.judge(less).allow {
				t.Fatalf("losing fact %d helps %+v", k, f)
			}
		}
	}
}

// TestAMissingAttributeIsADenial takes each attribute away from Cedar in turn.
func TestAMissingAttributeIsADenial(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	w := readWorld(t, "../testdata")
	tried := 0
	for _, r := range readRows(t, "../testdata") {
		if r.Expect.Decision != "allow" {
			continue
		}
		s, _ := newScene(w, &asked{Request: r.Request}, false)
		s.weigh()
		q, context := s.facts.entities(), s.facts.context()
		if !rules.evaluate(q, context).allow {
			t.Fatalf("%s: denied when whole", r.Request.ID)
		}
		for _, cut := range withoutEach(context) {
			tried++
			if rules.evaluate(q, cut).allow {
				t.Errorf("%s: allowed without an attribute of the context", r.Request.ID)
			}
		}
		for i, whole := range []types.Record{q.principal.Attributes, q.resource.Attributes} {
			for _, cut := range withoutEach(whole) {
				tried++
				less := q
				if i == 0 {
					less.principal.Attributes = cut
				} else {
					less.resource.Attributes = cut
				}
				if rules.evaluate(less, context).allow {
					t.Errorf("%s: allowed without an attribute of an entity", r.Request.ID)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d attributes were taken away", tried)
	}
}

func withoutEach(r types.Record) (out []types.Record) {
	for name := range r.Keys() {
		m := r.Map()
		delete(m, name)
		out = append(out, types.NewRecord(m))
	}
	return out
}
