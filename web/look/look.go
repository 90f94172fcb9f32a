package look

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/front"
	"shouwang/web/watch"
)

// Reasons that this room adds to the policy's: what it cannot carry out it
// denies.
const (
	// ReasonObligation says that the decision asks for something that cannot
	// be done to this picture here.
	ReasonObligation policy.Reason = "obligation_cannot_be_carried_out"
	// ReasonNoRenderer says that the picture has to be masked or marked and
	// nothing runs that could.
	ReasonNoRenderer policy.Reason = "no_renderer"
	// ReasonNoGrant says that the gate allowed and yet gave no grant that
	// covers the picture.
	ReasonNoGrant policy.Reason = "no_grant"
)

// auditWithin is how long a picture waits for its audit entry to be durable.
const auditWithin = 5 * time.Second

// Look is an allowed request whose duties can all be carried out. No picture
// may leave before [Look.Commit] returned nil.
type Look struct {
	Request  policy.Request
	Decision policy.Decision
	Grant    gate.Grant
	Camera   shouwang.CameraID
	Options  watch.Options // what is done to the picture
	Index    uint64        // place in the access log, once committed
	Began    time.Time     // when it was committed

	s     *Looks
	entry policy.Entry
}

// Decide asks the gate for a look and checks that every duty can be carried
// out. A denial is logged and returned as a *front.Problem with its reasons.
func (s *Looks) Decide(ctx context.Context, c *front.Caller, req policy.Request, cam *policy.Camera) (*Look, error) {
	decision, grant := s.ask(c, req, cam)
	l := &Look{s: s, Request: req, Decision: decision, Grant: grant, Camera: cam.CameraID(), entry: s.entryOf(c, req, &decision, cam)}
	l.entry.Second = grant.SecondPerson()
	if decision.Allowed() {
		var refused policy.Reason
		if l.Options, refused = s.Carry(&decision, c, cam); refused != "" {
			decision.Decision, decision.Reasons = "deny", []policy.Reason{refused}
		}
	}
	if !decision.Allowed() {
		s.deps.Metrics.Denials.WithLabelValues(string(req.Action)).Inc()
		l.entry.Kind, l.entry.Decision, l.entry.Reasons, l.entry.Obligations = "denial", "deny", decision.Reasons, nil
		s.Owe(ctx, l.entry)
		return nil, front.Denial(&decision, s.front.TextFor(c, &decision))
	}
	return l, nil
}

// ask puts the question to the gate, and refuses by itself what no gate may
// ever allow.
func (s *Looks) ask(c *front.Caller, req policy.Request, cam *policy.Camera) (policy.Decision, gate.Grant) {
	if c.Who.Type == policy.TypeAdministrator || c.Who.Type == policy.TypeService {
		return policy.Decision{ID: req.ID, Decision: "deny", Reasons: []policy.Reason{policy.ReasonNeverAPicture}}, gate.Grant{}
	}
	decision, grant := s.deps.Gate.Look(req)
	if decision.Allowed() && !covers(grant, req, cam) {
		decision.Decision, decision.Reasons = "deny", []policy.Reason{ReasonNoGrant}
	}
	return decision, grant
}

// covers checks the grant itself, so that a gate's slip shows nothing: live
// now, or the first and last instant of the footage asked for.
func covers(g gate.Grant, req policy.Request, cam *policy.Camera) bool {
	if f := req.Footage; f != nil {
		return g.Covers(req.Action, cam.CameraID(), f.From) && g.Covers(req.Action, cam.CameraID(), f.To.Add(-1))
	}
	return g.Covers(req.Action, cam.CameraID(), req.At)
}

// Carry sorts the decision's obligations into what is done to the picture. It
// returns the reason to deny for the first that cannot be carried out; the
// zero reason means that all can.
func (s *Looks) Carry(d *policy.Decision, c *front.Caller, cam *policy.Camera) (watch.Options, policy.Reason) {
	var o watch.Options
	for _, duty := range d.Obligations {
		switch duty.ID {
		case policy.ObligeMask:
			masks, ok := s.masks(cam, c.World)
			if !ok {
				return o, ReasonObligation
			}
			o.Masks = masks
		case policy.ObligeBlurPeople:
			o.BlurPeople = true
		case policy.ObligeBlurPlates:
			o.BlurPlates = true
		case policy.ObligeBlurOthers:
			// Which of the people is the one who asked is not for a machine to
			// say: everybody is pixelated but where the custodian marked them.
			o.BlurPeople, o.BlurPlates, o.Clear = true, true, s.clear
		case policy.ObligeSupervised:
			if !s.supervised {
				return o, ReasonObligation
			}
		case policy.ObligeWatermark:
			o.Watermark = watermark(duty, c, d)
		case policy.ObligeNotifyOwner, policy.ObligeNotifyDeferred, policy.ObligeNoDownload:
			// notify: by commit, or by the log once it opens; no download: by the
			// headers of every picture.
		default:
			return o, ReasonObligation
		}
	}
	if !o.Plain() && !s.deps.CanRender() {
		return o, ReasonNoRenderer
	}
	return o, ""
}

// Veiled is what is done to a copy that is to show no face and no plate,
// whatever the decision would let pass: the owner's masks, people and vehicles
// pixelated, the mark given. The reason is the zero one when all of it can be
// carried out.
func (s *Looks) Veiled(c *front.Caller, cam *policy.Camera, mark string) (watch.Options, policy.Reason) {
	masks, ok := s.masks(cam, c.World)
	switch {
	case !ok:
		return watch.Options{}, ReasonObligation
	case !s.deps.CanRender():
		return watch.Options{}, ReasonNoRenderer
	}
	return watch.Options{Camera: cam.CameraID(), Masks: masks, BlurPeople: true, BlurPlates: true, Watermark: mark}, ""
}

// masks gathers the owner's polygons from the consents and the camera's
// filing. A mask that encloses nothing cannot be carried out.
func (s *Looks) masks(cam *policy.Camera, world *policy.World) ([]shouwang.Polygon, bool) {
	var all []shouwang.Polygon
	if known, ok := s.deps.Cameras.Camera(cam.CameraID()); ok {
		all = append(all, known.Masks...)
	}
	for _, consent := range world.CurrentConsents(cam.ID) {
		if consent.Device != nil {
			all = append(all, consent.Device.Masks...)
		}
	}
	for _, p := range all {
		if len(p) < 3 {
			return nil, false
		}
	}
	return all, true
}

// watermark is the text burned in: what the policy says, else who looks and
// under which decision. The renderer adds the time.
func watermark(duty policy.Obligation, c *front.Caller, d *policy.Decision) string {
	if text, ok := duty.Properties["text"].(string); ok && text != "" {
		return text
	}
	short := d.DecisionID
	if len(short) > 12 {
		short = short[len(short)-12:]
	}
	text := fmt.Sprintf("%s %s", c.Who.ID, short)
	if clear, _ := duty.Properties["clear"].(bool); clear {
		return "UNBLURRED " + text
	}
	return text
}

func (s *Looks) entryOf(c *front.Caller, req policy.Request, d *policy.Decision, cam *policy.Camera) policy.Entry {
	e := policy.Entry{
		At: req.At, Kind: "look", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: req.Action,
		Camera: cam.ID, Purpose: req.Purpose, Case: req.Case, Incident: req.Incident,
		Decision: d.Decision, DecisionID: d.DecisionID, PolicySet: d.PolicySet, Consent: d.Consent, Reasons: d.Reasons,
	}
	if f := req.Footage; f != nil {
		e.From, e.To = f.From, f.To
	}
	if s.supervised {
		// Without a name: the log outlives what is kept of the person.
		e.Principal, e.Person, e.Detail = req.Principal, "", "supervised by "+c.Who.ID+" for "+req.SubjectRequest
	}
	for _, duty := range d.Obligations {
		e.Obligations = append(e.Obligations, duty.ID)
	}
	return e
}

// Append writes one entry of the access log and waits until it is durable, no
// longer than auditWithin; the caller's going away does not lose it.
func (s *Looks) Append(ctx context.Context, e policy.Entry) (uint64, error) {
	index, err := s.write(ctx, e)
	if err != nil {
		s.journal.seeTo()
		return 0, unlogged(err)
	}
	return index, nil
}

func (s *Looks) write(ctx context.Context, e policy.Entry) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditWithin)
	defer cancel()
	return s.deps.Audit.Append(ctx, e)
}

// Commit makes the look's audit entry durable and tells the owner where the
// decision demands it. Only after it returned nil may a picture leave.
func (l *Look) Commit(ctx context.Context) error {
	l.Began = l.s.front.Now()
	index, err := l.s.Append(ctx, l.entry)
	if err != nil {
		l.s.front.Log.Error("log look", "camera", l.Camera, "error", errors.Unwrap(err))
		return err
	}
	l.Index = index
	l.s.deps.Metrics.Looks.WithLabelValues(string(l.Request.Action)).Inc()
	if l.Decision.Has(policy.ObligeNotifyOwner) {
		return l.notify(ctx)
	}
	return nil
}

// notify tells whoever watches the owner's page that a look began, unless the
// notice is put off. The owner reads the entry itself in the access log; a bus
// that is away therefore loses nothing but the hurry.
func (l *Look) notify(ctx context.Context) error {
	if sealed := l.s.deps.Sealed; sealed != nil && sealed(ctx, l.entry, l.Index) {
		return nil
	}
	_, err := l.s.deps.Bus.Publish(ctx, shouwang.TopicLook, shouwang.LookNotice{
		Camera: l.Camera, At: l.Began, Index: l.Index, Action: string(l.Request.Action),
	})
	if err != nil {
		l.s.front.Log.Warn("publish look notice", "camera", l.Camera, "error", err)
	}
	return nil
}

// End logs how long the look took and what left the house, later where the log
// takes nothing now.
func (l *Look) End(bytes int64, reason string) {
	e := l.entry
	e.Kind, e.At, e.BytesOut, e.Detail = "look_end", l.s.front.Now(), bytes, reason
	if l.Request.Footage == nil {
		e.From, e.To = l.Began, e.At
	}
	l.s.deps.Metrics.BytesOut.WithLabelValues(string(l.Request.Action)).Add(float64(bytes))
	l.s.Owe(context.Background(), e)
}

// LiveNow reports whether the grant covers a live view, blurred or clear as it
// was asked for, at this very moment: it ends by itself with the hour for which
// consent was given.
func (l *Look) LiveNow() bool { return l.Grant.Covers(l.Request.Action, l.Camera, l.s.front.Now()) }
