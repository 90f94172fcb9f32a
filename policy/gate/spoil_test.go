package gate

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/internal/forge"
)

// probe is an allowed request with one thing spoiled: it must be denied.
type probe struct {
	name string
	s    *scene // of the spoiled request; nil where it cannot even be posed
}

// spoiler makes a world and a request with one thing spoiled, or ok=false
// where that thing plays no part in the request.
type spoiler struct {
	name string
	make func(s *scene) (w *policy.World, req policy.Request, ok bool)
}

// probes spoils every allowed row of every scenario file that is there.
func probes(t testing.TB) (out []probe) {
	t.Helper()
	dirs := []string{"../testdata"}
	if _, err := os.Stat(sharedDir); err == nil {
		dirs = append(dirs, sharedDir)
	}
	for _, dir := range dirs {
		w := readWorld(t, dir)
		for _, r := range readRows(t, dir) {
			if r.Expect.Decision == "allow" {
				out = append(out, spoilAll(w, r.Request)...)
			}
		}
	}
	return out
}

func spoilAll(w *policy.World, req policy.Request) (out []probe) {
	for _, sp := range spoilers() {
		s, wrong := newScene(w, &asked{Request: req}, false)
		if wrong != "" {
			panic(wrong)
		}
		s.weigh()
		world, spoiled, ok := sp.make(s)
		if !ok {
			continue
		}
		p := probe{name: req.ID + "/" + sp.name}
		if s, wrong := newScene(world, &asked{Request: spoiled}, false); wrong == "" {
			s.weigh()
			p.s = s
		}
		out = append(out, p)
	}
	return out
}

func TestNearMissesAreDenied(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	all := probes(t)
	for _, p := range all {
		_, kind, _ := cutLast(p.name)
		kinds[kind] = true
		if p.s != nil && rules.judge(p.s.facts).allow {
			t.Errorf("%s: allowed", p.name)
		}
	}
	for _, sp := range spoilers() {
		if !kinds[sp.name] {
			t.Errorf("no allowed request lets us spoil %q", sp.name)
		}
	}
	t.Logf("%d probes of %d kinds", len(all), len(kinds))
}

func cutLast(name string) (string, string, bool) {
	i := slices.Index([]byte(name), '/')
	return name[:max(0, i)], name[i+1:], i >= 0
}

// Which rules apply to the request.
func (s *scene) isTouch() bool {
	return s.picture() || s.req.Action == policy.Search
}

func (s *scene) isGrave() bool {
	return slices.Contains([]policy.Action{policy.Export, policy.Unmask, policy.PlaceHold, policy.ReleaseHold}, s.req.Action)
}
func (s *scene) shared() bool  { return s.basis == basisConsent && s.isTouch() }
func (s *scene) officer() bool { return s.who.Type == policy.TypeOfficer }
func (s *scene) needsCase() bool {
	return s.officer() && (s.isGrave() || s.req.Action == policy.Playback || s.shared() && s.req.Action == policy.ViewLive && s.req.Incident == "")
}

func (s *scene) asGuardian() bool {
	return s.who.Type == policy.TypeResident && s.basis == basisConsent && s.facts.is(factGuardian)
}

func (s *scene) needsIncident() bool {
	return (s.officer() || s.asGuardian()) && s.shared() && s.req.Action == policy.ViewLive && s.req.Case == ""
}

func ask(change func(*policy.Request)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		req := s.req.Request
		change(&req)
		return s.world, req, true
	}
}

// when spoils only where the thing plays a part.
func when(applies func(*scene) bool, then func(*scene) (*policy.World, policy.Request, bool)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		if !applies(s) {
			return nil, policy.Request{}, false
		}
		return then(s)
	}
}

// broken puts a camera or a principal into the world without asking Validate,
// forces the view gate where it is told so, and lets every hold go for nil: a
// broken record must be denied as well.
func broken(w *policy.World, record any) *policy.World { return forge.World(w, record).(*policy.World) }

func consentWith(change func(*scene, *policy.Consent)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		if s.consent == nil {
			return nil, policy.Request{}, false
		}
		c, cam := *s.consent, *s.cam
		change(s, &c)
		cam.Consents = []*policy.Consent{&c}
		return broken(s.world, &cam), s.req.Request, true
	}
}

func cameraWith(change func(*scene, *policy.Camera)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		cam := *s.cam
		change(s, &cam)
		return broken(s.world, &cam), s.req.Request, true
	}
}

// gated forces the view gate in a world where the camera and the consent name
// these signers.
func gated(camera, record []string) func(*scene) (*policy.World, policy.Request, bool) {
	return when(func(s *scene) bool { return s.shared() && s.consent != nil && s.req.Action != policy.ApproveView }, func(s *scene) (*policy.World, policy.Request, bool) {
		w, req, _ := consentWith(func(s *scene, c *policy.Consent) {
			device := policy.ConsentDevice{}
			if c.Device != nil {
				device = *c.Device
			}
			device.ViewApprovedBy = record
			c.Device = &device
		})(s)
		old, _ := w.Camera(s.cam.ID)
		cam := *old
		cam.ViewApprovedBy = camera
		return broken(broken(w, &cam), policy.ViewGateRequired), req, true
	})
}

// strangeCell takes the camera's household out of the cell.
func strangeCell() func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		return cellWith(func(u *policy.Unit) {
			u.Households = slices.DeleteFunc(slices.Clone(u.Households), func(h shouwang.PlaceID) bool { return h == s.cam.Place })
		})(s)
	}
}

func principalWith(id func(*scene) string, change func(*scene, *policy.Principal)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		p, ok := s.world.Principal(id(s))
		if !ok {
			return nil, policy.Request{}, false
		}
		changed := *p
		change(s, &changed)
		return broken(s.world, &changed), s.req.Request, true
	}
}

func asker(s *scene) string  { return s.who.ID }
func second(s *scene) string { return s.req.SecondPerson }

func footageWith(change func(*scene, *policy.Footage)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		if s.footage == nil {
			return nil, policy.Request{}, false
		}
		f := *s.footage
		change(s, &f)
		return s.world.WithFootage(&f), s.req.Request, true
	}
}

func recordWith[T any](of func(*scene) *T, with func(*policy.World, *T) *policy.World, change func(*T)) func(*scene) (*policy.World, policy.Request, bool) {
	return func(s *scene) (*policy.World, policy.Request, bool) {
		old := of(s)
		if old == nil {
			return nil, policy.Request{}, false
		}
		changed := *old
		change(&changed)
		return with(s.world, &changed), s.req.Request, true
	}
}

func caseWith(change func(*policy.Case)) func(*scene) (*policy.World, policy.Request, bool) {
	return when((*scene).needsCase, recordWith(func(s *scene) *policy.Case { return s.kase }, (*policy.World).WithCase, change))
}

func incidentWith(change func(*policy.Incident)) func(*scene) (*policy.World, policy.Request, bool) {
	return when((*scene).needsIncident, recordWith(func(s *scene) *policy.Incident { return s.incident }, (*policy.World).WithIncident, change))
}

func orderWith(change func(*policy.Order)) func(*scene) (*policy.World, policy.Request, bool) {
	return when(func(s *scene) bool { return s.basis == basisOrder },
		recordWith(func(s *scene) *policy.Order { return s.order }, (*policy.World).WithOrder, change))
}

func subjectWith(change func(*policy.SubjectRequest)) func(*scene) (*policy.World, policy.Request, bool) {
	return when(func(s *scene) bool { return s.basis == basisSubject },
		recordWith(func(s *scene) *policy.SubjectRequest { return s.subject }, (*policy.World).WithSubjectRequest, change))
}

func cellWith(change func(*policy.Unit)) func(*scene) (*policy.World, policy.Request, bool) {
	return when((*scene).asGuardian, recordWith(func(s *scene) *policy.Unit { u, _ := s.world.Unit("cell-2"); return u }, (*policy.World).WithUnit, change))
}

func needsSecond(s *scene) bool { return s.isGrave() || s.picture() && conflicted(s) }

// conflicted says that only the second person made the request possible.
func conflicted(s *scene) bool {
	return s.officer() && !s.facts.is(factImpartial) && !(s.basis == basisFiling && s.req.Action == policy.ViewLive)
}

func spoilers() []spoiler {
	return slices.Concat(spoilRequest(), spoilConsent(), spoilPeople(), spoilGround(), spoilThings())
}

func spoilRequest() []spoiler {
	out := []spoiler{
		{"time missing", ask(func(r *policy.Request) { r.At = time.Time{} })},
		{"asker unknown", ask(func(r *policy.Request) { r.Principal = "officer:nobody" })},
		{"asker missing", ask(func(r *policy.Request) { r.Principal = "" })},
		{"asker from outside", ask(func(r *policy.Request) { r.Principal = machine.ID })},
		{"action missing", ask(func(r *policy.Request) { r.Action = "" })},
		{"resource missing", ask(func(r *policy.Request) { r.Resource = "" })},
		{"resource unknown", ask(func(r *policy.Request) { r.Resource = "camera:none" })},
		{"purpose", when(func(s *scene) bool { return (s.isTouch() || s.isGrave()) && s.basis != basisSubject },
			ask(func(r *policy.Request) { r.Purpose = "city_appearance" }))},
		{"purpose missing", when(func(s *scene) bool { return (s.isTouch() || s.isGrave()) && s.basis != basisSubject },
			ask(func(r *policy.Request) { r.Purpose = "" }))},
		{"purpose agreed to", when((*scene).shared, ask(func(r *policy.Request) { r.Purpose = "emergency" }))},
		{"case missing", when((*scene).needsCase, ask(func(r *policy.Request) { r.Case = "" }))},
		{"case unknown", when((*scene).needsCase, ask(func(r *policy.Request) { r.Case = "case-none" }))},
		{"incident missing", when((*scene).needsIncident, ask(func(r *policy.Request) { r.Incident = "" }))},
		{"incident unknown", when((*scene).needsIncident, ask(func(r *policy.Request) { r.Incident = "inc-none" }))},
		{"second person missing", when(needsSecond, ask(func(r *policy.Request) { r.SecondPerson = "" }))},
		{"second person oneself", when(needsSecond, ask(func(r *policy.Request) { r.SecondPerson = r.Principal }))},
		{"second person unknown", when(needsSecond, ask(func(r *policy.Request) { r.SecondPerson = "officer:nobody" }))},
		{"order unknown", when(func(s *scene) bool { return s.basis == basisOrder }, ask(func(r *policy.Request) { r.Order = "order-none" }))},
		{"order missing", when(func(s *scene) bool { return s.basis == basisOrder }, ask(func(r *policy.Request) { r.Order = "" }))},
		{"subject request missing", when(func(s *scene) bool { return s.basis == basisSubject }, ask(func(r *policy.Request) { r.SubjectRequest = "" }))},
	}
	for _, action := range []policy.Action{policy.FaceMatch, policy.AutoPenalty, policy.PlateLookup} {
		out = append(out, spoiler{"action " + string(action), ask(func(r *policy.Request) { r.Action = action })})
	}
	for _, age := range []float64{0, -1, 300.5, math.NaN(), math.Inf(1)} {
		out = append(out, spoiler{fmt.Sprintf("factor age %v", age), when((*scene).isGrave, ask(func(r *policy.Request) { r.SecondFactorAge = age }))})
	}
	return out
}

func spoilConsent() []spoiler {
	out := []spoiler{
		{"slot", when(func(s *scene) bool { return s.shared() && s.picture() && s.facts.is(factInSlot) }, consentWith(func(s *scene, c *policy.Consent) {
			c.Slots = c.Slots.Without(policy.SlotOf(s.captured.From.In(s.world.Zone())))
			if c.Incident != nil {
				c.Incident = &policy.IncidentTerms{Types: c.Incident.Types, RadiusM: c.Incident.RadiusM}
			}
		}))},
		{"slot, incident not agreed", when(func(s *scene) bool { return s.shared() && s.req.Action == policy.ViewLive && s.officer() }, consentWith(func(s *scene, c *policy.Consent) {
			c.Slots = policy.Slots{}
			c.Modes = []policy.Mode{policy.ModeLive}
		}))},
		{"incident radius", when(func(s *scene) bool { return s.needsIncident() && s.consent.Incident != nil }, consentWith(func(s *scene, c *policy.Consent) {
			away := shouwang.Position(s.incident.Position).Distance(shouwang.Position(s.cam.Position))
			c.Incident = &policy.IncidentTerms{Types: c.Incident.Types, RadiusM: away - 1, MaxMinutes: c.Incident.MaxMinutes}
		}))},
		{"incident radius beyond 1.3 km²", when(func(s *scene) bool { return s.needsIncident() && s.consent.Incident != nil }, func(s *scene) (*policy.World, policy.Request, bool) {
			w, _, _ := consentWith(func(_ *scene, c *policy.Consent) {
				c.Incident = &policy.IncidentTerms{Types: c.Incident.Types, RadiusM: 1e6, MaxMinutes: 60}
			})(s)
			far := *s.incident
			far.Position.Lat += 0.007 // some 780 m
			return w.WithIncident(&far), s.req.Request, true
		})},
		{"audience", when((*scene).shared, consentWith(func(_ *scene, c *policy.Consent) { c.Audiences = nil }))},
		{"area", when((*scene).shared, consentWith(func(_ *scene, c *policy.Consent) { c.AreaScope = "building" }))},
		{"area missing", when((*scene).shared, consentWith(func(_ *scene, c *policy.Consent) { c.AreaScope = "" }))},
		{"mode", when((*scene).shared, consentWith(func(_ *scene, c *policy.Consent) { c.Modes = nil }))},
		{"expiry", when((*scene).shared, consentWith(func(s *scene, c *policy.Consent) { c.NotAfter = s.at }))},
		{"expiry missing", when((*scene).shared, consentWith(func(s *scene, c *policy.Consent) { c.NotAfter = time.Time{} }))},
		{"not yet", when((*scene).shared, consentWith(func(s *scene, c *policy.Consent) { c.NotBefore = s.captured.From.Add(time.Second) }))},
		{"beginning missing", when((*scene).shared, consentWith(func(s *scene, c *policy.Consent) { c.NotBefore = time.Time{} }))},
		{"pause", when((*scene).shared, consentWith(func(s *scene, c *policy.Consent) { until := s.at.Add(time.Second); c.PauseUntil = &until }))},
		{"no consent", when((*scene).shared, cameraWith(func(_ *scene, c *policy.Camera) { c.Consents = nil }))},
		{"length", when(func(s *scene) bool { return s.shared() && s.picture() && s.footage != nil }, consentWith(func(_ *scene, c *policy.Consent) { c.Limits.ClipMin = 9 }))},
		{"lookback", when(func(s *scene) bool { return s.shared() && s.picture() && s.footage != nil }, consentWith(func(_ *scene, c *policy.Consent) { c.Limits.LookbackDays = 0 }))},
		{"looks", when(func(s *scene) bool { return s.shared() && s.picture() && s.officer() }, consentWith(func(_ *scene, c *policy.Consent) { c.Limits.LooksPerDay = 0 }))},
	}
	for _, state := range []policy.ConsentState{
		policy.Requested, policy.Refused, policy.Given, policy.Renewed, policy.Paused,
		policy.Expired, policy.Withdrawn, policy.Terminated, policy.Invalidated,
	} {
		if !state.Live() {
			out = append(out, spoiler{"state " + string(state), when((*scene).shared, consentWith(func(_ *scene, c *policy.Consent) { c.State = state }))})
		}
	}
	return out
}

func bySight(s *scene) bool {
	return (s.officer() || s.who.Type == policy.TypeKiosk) && (s.isTouch() || s.isGrave())
}

func spoilPeople() []spoiler {
	inArea := func(s *scene) bool { return bySight(s) || s.officer() && s.req.Action == policy.ReadAccessLog }
	out := []spoiler{
		{"duty", when(bySight, principalWith(asker, func(_ *scene, p *policy.Principal) { p.OnDuty, p.Attended = false, false }))},
		{"jurisdiction", when(inArea, principalWith(asker, func(s *scene, p *policy.Principal) { p.Jurisdiction = s.sibling() }))},
		{"jurisdiction missing", when(inArea, principalWith(asker, func(_ *scene, p *policy.Principal) { p.Jurisdiction = "" }))},
		{"roles", when((*scene).officer, principalWith(asker, func(_ *scene, p *policy.Principal) { p.Roles = nil }))},
		{"contractor", when(func(s *scene) bool { return s.officer() && bySight(s) }, principalWith(asker, func(_ *scene, p *policy.Principal) { p.Roles = append(slices.Clone(p.Roles), policy.RoleContractor) }))},
		{"oversight", when(func(s *scene) bool { return s.officer() && bySight(s) }, principalWith(asker, func(_ *scene, p *policy.Principal) { p.Roles = append(slices.Clone(p.Roles), policy.RoleOversight) }))},
		{"administrator", principalWith(asker, func(_ *scene, p *policy.Principal) { p.Type = policy.TypeAdministrator })},
		{"audience of the asker", when(func(s *scene) bool { return s.shared() && !s.asGuardian() }, principalWith(asker, func(_ *scene, p *policy.Principal) { p.Audiences, p.Site = nil, "" }))},
		{"home", when(alone, principalWith(asker, func(s *scene, p *policy.Principal) { p.HomeGrid = s.cam.Place }))},
		{"home missing", when(alone, principalWith(asker, func(_ *scene, p *policy.Principal) { p.HomeGrid = "" }))},
		{"second person's rank", when(needsSecond, principalWith(second, func(s *scene, p *policy.Principal) { p.Superior = s.who.ID }))},
		{"second person's type", when(needsSecond, principalWith(second, func(_ *scene, p *policy.Principal) { p.Type = policy.TypeAdministrator }))},
		{"second person absent", when(needsSecond, principalWith(second, func(s *scene, p *policy.Principal) { p.OnDuty, p.Unit = false, s.who.Unit }))},
		{"second person without unit", when(needsSecond, principalWith(second, func(_ *scene, p *policy.Principal) { p.OnDuty, p.Unit = false, "" }))},
	}
	for _, r := range []policy.Role{policy.RoleContractor, policy.RoleOversight} {
		out = append(out, spoiler{"second person " + string(r), when(needsSecond, principalWith(second, func(_ *scene, p *policy.Principal) { p.Roles = []policy.Role{r} }))})
	}
	return append(out, spoiler{"owner", when(func(s *scene) bool {
		return s.basis == basisOwn || s.who.Type == policy.TypeResident && s.facts.is(factManages)
	},
		cameraWith(func(_ *scene, c *policy.Camera) { c.Owner = "resident:other" }))})
}

// alone says that no second person stands by and home matters.
func alone(s *scene) bool {
	return s.officer() && s.picture() && s.req.SecondPerson == "" && !(s.basis == basisFiling && s.req.Action == policy.ViewLive)
}

// sibling returns a place that neither holds the camera nor is held by it.
func (s *scene) sibling() shouwang.PlaceID {
	for id := range s.world.Places() {
		if !s.world.Places().Within(s.cam.Place, id) {
			return id
		}
	}
	return ""
}

func spoilGround() []spoiler {
	return []spoiler{
		{"case closed", caseWith(func(c *policy.Case) { c.Open = false })},
		{"case ended", caseWith(func(c *policy.Case) { c.Closed = c.Opened.Add(time.Minute) })},
		{"case not yet open", caseWith(func(c *policy.Case) { c.Opened = c.Opened.AddDate(1, 0, 0) })},
		{"case without a date", caseWith(func(c *policy.Case) { c.Opened = time.Time{} })},
		{"case of others", when(func(s *scene) bool { return !s.who.Has(policy.RoleApprover) }, caseWith(func(c *policy.Case) { c.Members = nil }))},
		{"incident over", incidentWith(func(i *policy.Incident) { i.To = i.From })},
		{"incident to come", incidentWith(func(i *policy.Incident) { i.From = i.To })},
		{"incident type", when(func(s *scene) bool { return s.consent != nil && s.consent.Incident != nil }, incidentWith(func(i *policy.Incident) { i.Type = "noise" }))},
		{"incident far", incidentWith(func(i *policy.Incident) { i.Position.Lat += 0.01 })},
		{"incident nowhere", incidentWith(func(i *policy.Incident) { i.Position = policy.Position{} })},
		{"incident long ago", when(func(s *scene) bool { return s.needsIncident() && !s.facts.is(factInSlot) },
			incidentWith(func(i *policy.Incident) { i.From = i.From.Add(-time.Hour) }))},
		{"incident terms missing", when(func(s *scene) bool { return s.needsIncident() && !s.facts.is(factInSlot) },
			consentWith(func(_ *scene, c *policy.Consent) { c.Incident = nil }))},
		{"order's cameras", orderWith(func(o *policy.Order) { o.Cameras = []string{"camera:other"} })},
		{"order's span begins later", orderWith(func(o *policy.Order) { o.From = o.To.Add(-time.Minute) })},
		{"order's span ends earlier", orderWith(func(o *policy.Order) { o.To = o.From.Add(time.Minute) })},
		{"order over", orderWith(func(o *policy.Order) { o.ValidTo = o.ValidFrom })},
		{"order to come", orderWith(func(o *policy.Order) { o.ValidFrom = o.ValidTo })},
		{"order of nobody", orderWith(func(o *policy.Order) { o.Authority = "" })},
		{"subject not verified", subjectWith(func(r *policy.SubjectRequest) { r.Verified = false })},
		{"subject somebody else", subjectWith(func(r *policy.SubjectRequest) { r.Subject = "resident:other" })},
		{"subject's other footage", subjectWith(func(r *policy.SubjectRequest) { r.Footage = "footage:other" })},
		{"custodian did not agree", subjectWith(func(r *policy.SubjectRequest) { r.CustodianApprovedBy = "" })},
		{"custodian is the subject", subjectWith(func(r *policy.SubjectRequest) { r.CustodianApprovedBy = r.Subject })},
	}
}

func spoilThings() []spoiler {
	strangers := func(s *scene) bool { return s.isTouch() && s.basis != basisOwn && s.req.Action != policy.ApproveView }
	mounted := func(s *scene) bool { return s.isTouch() && s.basis != basisOwn }
	key := func(k policy.KeyState, but ...policy.Action) func(*scene) (*policy.World, policy.Request, bool) {
		return when(func(s *scene) bool {
			return s.basis != basisOrder && !slices.Contains(but, s.req.Action) || k == policy.KeyShredded
		}, footageWith(func(_ *scene, f *policy.Footage) { f.KeyState = k }))
	}
	return []spoiler{
		{"quarantine", when(strangers, cameraWith(func(_ *scene, c *policy.Camera) { c.Quarantined = true }))},
		{"captured while the view had drifted", when(func(s *scene) bool { return strangers(s) && s.footage != nil }, cameraWith(func(s *scene, c *policy.Camera) {
			c.Drifted = []shouwang.Span{{From: s.captured.From.Add(time.Minute), To: s.captured.From.Add(2 * time.Minute)}}
		}))},
		{"drift without an end", when(func(s *scene) bool { return strangers(s) && s.footage != nil }, cameraWith(func(s *scene, c *policy.Camera) {
			c.Drifted = []shouwang.Span{{From: s.captured.From.Add(-time.Minute)}}
		}))},
		{"footage quarantined", when(strangers, footageWith(func(_ *scene, f *policy.Footage) { f.Quarantined = true }))},
		{"view gate forced, nobody signed", gated(nil, nil)},
		{"view gate forced, one signed", gated([]string{"officer:grid"}, []string{"officer:grid"})},
		{"view gate forced, one signed twice", gated([]string{"officer:grid", "officer:grid"}, []string{"", ""})},
		{"cell without its guardian", cellWith(func(u *policy.Unit) { u.Guardian = "resident:tan" })},
		{"household not of the cell", strangeCell()},
		{"unit that is no cell", cellWith(func(u *policy.Unit) { u.Kind = "department" })},
		{"sign", when(strangers, cameraWith(func(_ *scene, c *policy.Camera) { c.Sign = false }))},
		{"mount missing", when(mounted, cameraWith(func(_ *scene, c *policy.Camera) { c.Mount = "" }))},
		{"mount", when(func(s *scene) bool { return s.shared() }, cameraWith(func(_ *scene, c *policy.Camera) { c.Mount = "public" }))},
		{"filing", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(s *scene, c *policy.Camera) { c.Filing = &policy.Filing{From: s.at.Add(-time.Hour), To: s.at} }))},
		{"filing to come", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(s *scene, c *policy.Camera) { c.Filing = &policy.Filing{From: s.at.Add(time.Second)} }))},
		{"class", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(_ *scene, c *policy.Camera) { c.LegalClass = shouwang.ClassResident }))},
		{"class missing", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(_ *scene, c *policy.Camera) { c.LegalClass = "" }))},
		{"key destroyed", key(policy.KeyShredded)},
		{"key frozen", key(policy.KeyFrozen, policy.PlaceHold)},
		{"key held by nobody", when(func(s *scene) bool { return !s.facts.is(factHoldOfCase) }, key(policy.KeyHeld, policy.ReleaseHold))},
		{"key state missing", key("")},
		{"hold lapsed", when(func(s *scene) bool {
			return s.footage != nil && s.footage.KeyState == policy.KeyHeld && s.picture() && s.basis != basisOrder
		},
			func(s *scene) (*policy.World, policy.Request, bool) {
				return broken(s.world, nil), s.req.Request, true
			})},
		{"ends in the future", footageWith(func(s *scene, f *policy.Footage) { f.To = s.at.Add(2 * time.Minute) })},
		{"ends before it begins", footageWith(func(_ *scene, f *policy.Footage) { f.To = f.From })},
		{"far too long", when((*scene).picture, footageWith(func(_ *scene, f *policy.Footage) { f.From = f.To.Add(-13 * time.Hour) }))},
		{"an hour and a bit", when(func(s *scene) bool { return s.picture() && s.basis != basisOwn },
			footageWith(func(_ *scene, f *policy.Footage) { f.From = f.To.Add(-61 * time.Minute) }))},
	}
}
