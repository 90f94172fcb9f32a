package policy

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"shouwang"
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
	make func(s *scene) (w *World, req Request, ok bool)
}

// probes spoils every allowed row of every scenario file that is there.
func probes(t testing.TB) (out []probe) {
	t.Helper()
	dirs := []string{"testdata"}
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

func spoilAll(w *World, req Request) (out []probe) {
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
	return s.picture() || s.req.Action == Search
}

func (s *scene) isGrave() bool {
	return slices.Contains([]Action{Export, Unmask, PlaceHold, ReleaseHold}, s.req.Action)
}
func (s *scene) shared() bool  { return s.basis == basisConsent && s.isTouch() }
func (s *scene) officer() bool { return s.who.Type == TypeOfficer }
func (s *scene) needsCase() bool {
	return s.officer() && (s.isGrave() || s.req.Action == Playback || s.shared() && s.req.Action == ViewLive && s.req.Incident == "")
}

func (s *scene) asGuardian() bool {
	return s.who.Type == TypeResident && s.basis == basisConsent && s.facts.is(factGuardian)
}

func (s *scene) needsIncident() bool {
	return (s.officer() || s.asGuardian()) && s.shared() && s.req.Action == ViewLive && s.req.Case == ""
}

func ask(change func(*Request)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		req := s.req.Request
		change(&req)
		return s.world, req, true
	}
}

// when spoils only where the thing plays a part.
func when(applies func(*scene) bool, then func(*scene) (*World, Request, bool)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		if !applies(s) {
			return nil, Request{}, false
		}
		return then(s)
	}
}

// broken puts a camera or a principal into the world without asking Validate,
// forces the view gate where it is told so, and lets every hold go for nil: a
// broken record must be denied as well.
func broken(w *World, record any) *World { return forge.World(w, record).(*World) }

func consentWith(change func(*scene, *Consent)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		if s.consent == nil {
			return nil, Request{}, false
		}
		c, cam := *s.consent, *s.cam
		change(s, &c)
		cam.Consents = []*Consent{&c}
		return broken(s.world, &cam), s.req.Request, true
	}
}

func cameraWith(change func(*scene, *Camera)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		cam := *s.cam
		change(s, &cam)
		return broken(s.world, &cam), s.req.Request, true
	}
}

// gated forces the view gate in a world where the camera and the consent name
// these signers.
func gated(camera, record []string) func(*scene) (*World, Request, bool) {
	return when(func(s *scene) bool { return s.shared() && s.consent != nil && s.req.Action != ApproveView }, func(s *scene) (*World, Request, bool) {
		w, req, _ := consentWith(func(s *scene, c *Consent) {
			device := ConsentDevice{}
			if c.Device != nil {
				device = *c.Device
			}
			device.ViewApprovedBy = record
			c.Device = &device
		})(s)
		old, _ := w.Camera(s.cam.ID)
		cam := *old
		cam.ViewApprovedBy = camera
		return broken(broken(w, &cam), ViewGateRequired), req, true
	})
}

// strangeCell takes the camera's household out of the cell.
func strangeCell() func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		return cellWith(func(u *Unit) {
			u.Households = slices.DeleteFunc(slices.Clone(u.Households), func(h shouwang.PlaceID) bool { return h == s.cam.Place })
		})(s)
	}
}

func principalWith(id func(*scene) string, change func(*scene, *Principal)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		p, ok := s.world.Principal(id(s))
		if !ok {
			return nil, Request{}, false
		}
		changed := *p
		change(s, &changed)
		return broken(s.world, &changed), s.req.Request, true
	}
}

func asker(s *scene) string  { return s.who.ID }
func second(s *scene) string { return s.req.SecondPerson }

func footageWith(change func(*scene, *Footage)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		if s.footage == nil {
			return nil, Request{}, false
		}
		f := *s.footage
		change(s, &f)
		return s.world.WithFootage(&f), s.req.Request, true
	}
}

func recordWith[T any](of func(*scene) *T, with func(*World, *T) *World, change func(*T)) func(*scene) (*World, Request, bool) {
	return func(s *scene) (*World, Request, bool) {
		old := of(s)
		if old == nil {
			return nil, Request{}, false
		}
		changed := *old
		change(&changed)
		return with(s.world, &changed), s.req.Request, true
	}
}

func caseWith(change func(*Case)) func(*scene) (*World, Request, bool) {
	return when((*scene).needsCase, recordWith(func(s *scene) *Case { return s.kase }, (*World).WithCase, change))
}

func incidentWith(change func(*Incident)) func(*scene) (*World, Request, bool) {
	return when((*scene).needsIncident, recordWith(func(s *scene) *Incident { return s.incident }, (*World).WithIncident, change))
}

func orderWith(change func(*Order)) func(*scene) (*World, Request, bool) {
	return when(func(s *scene) bool { return s.basis == basisOrder },
		recordWith(func(s *scene) *Order { return s.order }, (*World).WithOrder, change))
}

func subjectWith(change func(*SubjectRequest)) func(*scene) (*World, Request, bool) {
	return when(func(s *scene) bool { return s.basis == basisSubject },
		recordWith(func(s *scene) *SubjectRequest { return s.subject }, (*World).WithSubjectRequest, change))
}

func cellWith(change func(*Unit)) func(*scene) (*World, Request, bool) {
	return when((*scene).asGuardian, recordWith(func(s *scene) *Unit { u, _ := s.world.Unit("cell-2"); return u }, (*World).WithUnit, change))
}

func needsSecond(s *scene) bool { return s.isGrave() || s.picture() && conflicted(s) }

// conflicted says that only the second person made the request possible.
func conflicted(s *scene) bool {
	return s.officer() && !s.facts.is(factImpartial) && !(s.basis == basisFiling && s.req.Action == ViewLive)
}

func spoilers() []spoiler {
	return slices.Concat(spoilRequest(), spoilConsent(), spoilPeople(), spoilGround(), spoilThings())
}

func spoilRequest() []spoiler {
	out := []spoiler{
		{"time missing", ask(func(r *Request) { r.At = time.Time{} })},
		{"asker unknown", ask(func(r *Request) { r.Principal = "officer:nobody" })},
		{"asker missing", ask(func(r *Request) { r.Principal = "" })},
		{"asker from outside", ask(func(r *Request) { r.Principal = machine.ID })},
		{"action missing", ask(func(r *Request) { r.Action = "" })},
		{"resource missing", ask(func(r *Request) { r.Resource = "" })},
		{"resource unknown", ask(func(r *Request) { r.Resource = "camera:none" })},
		{"purpose", when(func(s *scene) bool { return (s.isTouch() || s.isGrave()) && s.basis != basisSubject },
			ask(func(r *Request) { r.Purpose = "city_appearance" }))},
		{"purpose missing", when(func(s *scene) bool { return (s.isTouch() || s.isGrave()) && s.basis != basisSubject },
			ask(func(r *Request) { r.Purpose = "" }))},
		{"purpose agreed to", when((*scene).shared, ask(func(r *Request) { r.Purpose = "emergency" }))},
		{"case missing", when((*scene).needsCase, ask(func(r *Request) { r.Case = "" }))},
		{"case unknown", when((*scene).needsCase, ask(func(r *Request) { r.Case = "case-none" }))},
		{"incident missing", when((*scene).needsIncident, ask(func(r *Request) { r.Incident = "" }))},
		{"incident unknown", when((*scene).needsIncident, ask(func(r *Request) { r.Incident = "inc-none" }))},
		{"second person missing", when(needsSecond, ask(func(r *Request) { r.SecondPerson = "" }))},
		{"second person oneself", when(needsSecond, ask(func(r *Request) { r.SecondPerson = r.Principal }))},
		{"second person unknown", when(needsSecond, ask(func(r *Request) { r.SecondPerson = "officer:nobody" }))},
		{"order unknown", when(func(s *scene) bool { return s.basis == basisOrder }, ask(func(r *Request) { r.Order = "order-none" }))},
		{"order missing", when(func(s *scene) bool { return s.basis == basisOrder }, ask(func(r *Request) { r.Order = "" }))},
		{"subject request missing", when(func(s *scene) bool { return s.basis == basisSubject }, ask(func(r *Request) { r.SubjectRequest = "" }))},
	}
	for _, action := range []Action{FaceMatch, AutoPenalty, PlateLookup} {
		out = append(out, spoiler{"action " + string(action), ask(func(r *Request) { r.Action = action })})
	}
	for _, age := range []float64{0, -1, 300.5, math.NaN(), math.Inf(1)} {
		out = append(out, spoiler{fmt.Sprintf("factor age %v", age), when((*scene).isGrave, ask(func(r *Request) { r.SecondFactorAge = age }))})
	}
	return out
}

func spoilConsent() []spoiler {
	out := []spoiler{
		{"slot", when(func(s *scene) bool { return s.shared() && s.picture() && s.facts.is(factInSlot) }, consentWith(func(s *scene, c *Consent) {
			c.Slots = c.Slots.Without(SlotOf(s.captured.From.In(s.world.Zone())))
			if c.Incident != nil {
				c.Incident = &IncidentTerms{Types: c.Incident.Types, RadiusM: c.Incident.RadiusM}
			}
		}))},
		{"slot, incident not agreed", when(func(s *scene) bool { return s.shared() && s.req.Action == ViewLive && s.officer() }, consentWith(func(s *scene, c *Consent) {
			c.Slots = Slots{}
			c.Modes = []Mode{ModeLive}
		}))},
		{"incident radius", when(func(s *scene) bool { return s.needsIncident() && s.consent.Incident != nil }, consentWith(func(s *scene, c *Consent) {
			away := shouwang.Position(s.incident.Position).Distance(shouwang.Position(s.cam.Position))
			c.Incident = &IncidentTerms{Types: c.Incident.Types, RadiusM: away - 1, MaxMinutes: c.Incident.MaxMinutes}
		}))},
		{"incident radius beyond 1.3 km²", when(func(s *scene) bool { return s.needsIncident() && s.consent.Incident != nil }, func(s *scene) (*World, Request, bool) {
			w, _, _ := consentWith(func(_ *scene, c *Consent) {
				c.Incident = &IncidentTerms{Types: c.Incident.Types, RadiusM: 1e6, MaxMinutes: 60}
			})(s)
			far := *s.incident
			far.Position.Lat += 0.007 // some 780 m
			return w.WithIncident(&far), s.req.Request, true
		})},
		{"audience", when((*scene).shared, consentWith(func(_ *scene, c *Consent) { c.Audiences = nil }))},
		{"area", when((*scene).shared, consentWith(func(_ *scene, c *Consent) { c.AreaScope = "building" }))},
		{"area missing", when((*scene).shared, consentWith(func(_ *scene, c *Consent) { c.AreaScope = "" }))},
		{"mode", when((*scene).shared, consentWith(func(_ *scene, c *Consent) { c.Modes = nil }))},
		{"expiry", when((*scene).shared, consentWith(func(s *scene, c *Consent) { c.NotAfter = s.at }))},
		{"expiry missing", when((*scene).shared, consentWith(func(s *scene, c *Consent) { c.NotAfter = time.Time{} }))},
		{"not yet", when((*scene).shared, consentWith(func(s *scene, c *Consent) { c.NotBefore = s.captured.From.Add(time.Second) }))},
		{"beginning missing", when((*scene).shared, consentWith(func(s *scene, c *Consent) { c.NotBefore = time.Time{} }))},
		{"pause", when((*scene).shared, consentWith(func(s *scene, c *Consent) { until := s.at.Add(time.Second); c.PauseUntil = &until }))},
		{"no consent", when((*scene).shared, cameraWith(func(_ *scene, c *Camera) { c.Consents = nil }))},
		{"length", when(func(s *scene) bool { return s.shared() && s.picture() && s.footage != nil }, consentWith(func(_ *scene, c *Consent) { c.Limits.ClipMin = 9 }))},
		{"lookback", when(func(s *scene) bool { return s.shared() && s.picture() && s.footage != nil }, consentWith(func(_ *scene, c *Consent) { c.Limits.LookbackDays = 0 }))},
		{"looks", when(func(s *scene) bool { return s.shared() && s.picture() && s.officer() }, consentWith(func(_ *scene, c *Consent) { c.Limits.LooksPerDay = 0 }))},
	}
	for _, state := range consentStates {
		if !state.Live() {
			out = append(out, spoiler{"state " + string(state), when((*scene).shared, consentWith(func(_ *scene, c *Consent) { c.State = state }))})
		}
	}
	return out
}

func bySight(s *scene) bool {
	return (s.officer() || s.who.Type == TypeKiosk) && (s.isTouch() || s.isGrave())
}

func spoilPeople() []spoiler {
	inArea := func(s *scene) bool { return bySight(s) || s.officer() && s.req.Action == ReadAccessLog }
	out := []spoiler{
		{"duty", when(bySight, principalWith(asker, func(_ *scene, p *Principal) { p.OnDuty, p.Attended = false, false }))},
		{"jurisdiction", when(inArea, principalWith(asker, func(s *scene, p *Principal) { p.Jurisdiction = s.sibling() }))},
		{"jurisdiction missing", when(inArea, principalWith(asker, func(_ *scene, p *Principal) { p.Jurisdiction = "" }))},
		{"roles", when((*scene).officer, principalWith(asker, func(_ *scene, p *Principal) { p.Roles = nil }))},
		{"contractor", when(func(s *scene) bool { return s.officer() && bySight(s) }, principalWith(asker, func(_ *scene, p *Principal) { p.Roles = append(slices.Clone(p.Roles), RoleContractor) }))},
		{"oversight", when(func(s *scene) bool { return s.officer() && bySight(s) }, principalWith(asker, func(_ *scene, p *Principal) { p.Roles = append(slices.Clone(p.Roles), RoleOversight) }))},
		{"administrator", principalWith(asker, func(_ *scene, p *Principal) { p.Type = TypeAdministrator })},
		{"audience of the asker", when(func(s *scene) bool { return s.shared() && !s.asGuardian() }, principalWith(asker, func(_ *scene, p *Principal) { p.Audiences, p.Site = nil, "" }))},
		{"home", when(alone, principalWith(asker, func(s *scene, p *Principal) { p.HomeGrid = s.cam.Place }))},
		{"home missing", when(alone, principalWith(asker, func(_ *scene, p *Principal) { p.HomeGrid = "" }))},
		{"second person's rank", when(needsSecond, principalWith(second, func(s *scene, p *Principal) { p.Superior = s.who.ID }))},
		{"second person's type", when(needsSecond, principalWith(second, func(_ *scene, p *Principal) { p.Type = TypeAdministrator }))},
		{"second person absent", when(needsSecond, principalWith(second, func(s *scene, p *Principal) { p.OnDuty, p.Unit = false, s.who.Unit }))},
		{"second person without unit", when(needsSecond, principalWith(second, func(_ *scene, p *Principal) { p.OnDuty, p.Unit = false, "" }))},
	}
	for _, r := range []Role{RoleContractor, RoleOversight} {
		out = append(out, spoiler{"second person " + string(r), when(needsSecond, principalWith(second, func(_ *scene, p *Principal) { p.Roles = []Role{r} }))})
	}
	return append(out, spoiler{"owner", when(func(s *scene) bool {
		return s.basis == basisOwn || s.who.Type == TypeResident && s.facts.is(factManages)
	},
		cameraWith(func(_ *scene, c *Camera) { c.Owner = "resident:other" }))})
}

// alone says that no second person stands by and home matters.
func alone(s *scene) bool {
	return s.officer() && s.picture() && s.req.SecondPerson == "" && !(s.basis == basisFiling && s.req.Action == ViewLive)
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
		{"case closed", caseWith(func(c *Case) { c.Open = false })},
		{"case ended", caseWith(func(c *Case) { c.Closed = c.Opened.Add(time.Minute) })},
		{"case not yet open", caseWith(func(c *Case) { c.Opened = c.Opened.AddDate(1, 0, 0) })},
		{"case without a date", caseWith(func(c *Case) { c.Opened = time.Time{} })},
		{"case of others", when(func(s *scene) bool { return !s.who.Has(RoleApprover) }, caseWith(func(c *Case) { c.Members = nil }))},
		{"incident over", incidentWith(func(i *Incident) { i.To = i.From })},
		{"incident to come", incidentWith(func(i *Incident) { i.From = i.To })},
		{"incident type", when(func(s *scene) bool { return s.consent != nil && s.consent.Incident != nil }, incidentWith(func(i *Incident) { i.Type = "noise" }))},
		{"incident far", incidentWith(func(i *Incident) { i.Position.Lat += 0.01 })},
		{"incident nowhere", incidentWith(func(i *Incident) { i.Position = Position{} })},
		{"incident long ago", when(func(s *scene) bool { return s.needsIncident() && !s.facts.is(factInSlot) },
			incidentWith(func(i *Incident) { i.From = i.From.Add(-time.Hour) }))},
		{"incident terms missing", when(func(s *scene) bool { return s.needsIncident() && !s.facts.is(factInSlot) },
			consentWith(func(_ *scene, c *Consent) { c.Incident = nil }))},
		{"order's cameras", orderWith(func(o *Order) { o.Cameras = []string{"camera:other"} })},
		{"order's span begins later", orderWith(func(o *Order) { o.From = o.To.Add(-time.Minute) })},
		{"order's span ends earlier", orderWith(func(o *Order) { o.To = o.From.Add(time.Minute) })},
		{"order over", orderWith(func(o *Order) { o.ValidTo = o.ValidFrom })},
		{"order to come", orderWith(func(o *Order) { o.ValidFrom = o.ValidTo })},
		{"order of nobody", orderWith(func(o *Order) { o.Authority = "" })},
		{"subject not verified", subjectWith(func(r *SubjectRequest) { r.Verified = false })},
		{"subject somebody else", subjectWith(func(r *SubjectRequest) { r.Subject = "resident:other" })},
		{"subject's other footage", subjectWith(func(r *SubjectRequest) { r.Footage = "footage:other" })},
		{"custodian did not agree", subjectWith(func(r *SubjectRequest) { r.CustodianApprovedBy = "" })},
		{"custodian is the subject", subjectWith(func(r *SubjectRequest) { r.CustodianApprovedBy = r.Subject })},
	}
}

func spoilThings() []spoiler {
	strangers := func(s *scene) bool { return s.isTouch() && s.basis != basisOwn && s.req.Action != ApproveView }
	mounted := func(s *scene) bool { return s.isTouch() && s.basis != basisOwn }
	key := func(k KeyState, but ...Action) func(*scene) (*World, Request, bool) {
		return when(func(s *scene) bool {
			return s.basis != basisOrder && !slices.Contains(but, s.req.Action) || k == KeyShredded
		}, footageWith(func(_ *scene, f *Footage) { f.KeyState = k }))
	}
	return []spoiler{
		{"quarantine", when(strangers, cameraWith(func(_ *scene, c *Camera) { c.Quarantined = true }))},
		{"captured while the view had drifted", when(func(s *scene) bool { return strangers(s) && s.footage != nil }, cameraWith(func(s *scene, c *Camera) {
			c.Drifted = []shouwang.Span{{From: s.captured.From.Add(time.Minute), To: s.captured.From.Add(2 * time.Minute)}}
		}))},
		{"drift without an end", when(func(s *scene) bool { return strangers(s) && s.footage != nil }, cameraWith(func(s *scene, c *Camera) {
			c.Drifted = []shouwang.Span{{From: s.captured.From.Add(-time.Minute)}}
		}))},
		{"footage quarantined", when(strangers, footageWith(func(_ *scene, f *Footage) { f.Quarantined = true }))},
		{"view gate forced, nobody signed", gated(nil, nil)},
		{"view gate forced, one signed", gated([]string{"officer:grid"}, []string{"officer:grid"})},
		{"view gate forced, one signed twice", gated([]string{"officer:grid", "officer:grid"}, []string{"", ""})},
		{"cell without its guardian", cellWith(func(u *Unit) { u.Guardian = "resident:tan" })},
		{"household not of the cell", strangeCell()},
		{"unit that is no cell", cellWith(func(u *Unit) { u.Kind = "department" })},
		{"sign", when(strangers, cameraWith(func(_ *scene, c *Camera) { c.Sign = false }))},
		{"mount missing", when(mounted, cameraWith(func(_ *scene, c *Camera) { c.Mount = "" }))},
		{"mount", when(func(s *scene) bool { return s.shared() }, cameraWith(func(_ *scene, c *Camera) { c.Mount = "public" }))},
		{"filing", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(s *scene, c *Camera) { c.Filing = &Filing{From: s.at.Add(-time.Hour), To: s.at} }))},
		{"filing to come", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(s *scene, c *Camera) { c.Filing = &Filing{From: s.at.Add(time.Second)} }))},
		{"class", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(_ *scene, c *Camera) { c.LegalClass = shouwang.ClassResident }))},
		{"class missing", when(func(s *scene) bool { return s.basis == basisFiling && s.isTouch() },
			cameraWith(func(_ *scene, c *Camera) { c.LegalClass = "" }))},
		{"key destroyed", key(KeyShredded)},
		{"key frozen", key(KeyFrozen, PlaceHold)},
		{"key held by nobody", when(func(s *scene) bool { return !s.facts.is(factHoldOfCase) }, key(KeyHeld, ReleaseHold))},
		{"key state missing", key("")},
		{"hold lapsed", when(func(s *scene) bool {
			return s.footage != nil && s.footage.KeyState == KeyHeld && s.picture() && s.basis != basisOrder
		},
			func(s *scene) (*World, Request, bool) {
				return broken(s.world, nil), s.req.Request, true
			})},
		{"ends in the future", footageWith(func(s *scene, f *Footage) { f.To = s.at.Add(2 * time.Minute) })},
		{"ends before it begins", footageWith(func(_ *scene, f *Footage) { f.To = f.From })},
		{"far too long", when((*scene).picture, footageWith(func(_ *scene, f *Footage) { f.From = f.To.Add(-13 * time.Hour) }))},
		{"an hour and a bit", when(func(s *scene) bool { return s.picture() && s.basis != basisOwn },
			footageWith(func(_ *scene, f *Footage) { f.From = f.To.Add(-61 * time.Minute) }))},
	}
}
