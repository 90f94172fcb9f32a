package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
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
	// ReasonFirstPassword says that the first password must be replaced.
	ReasonFirstPassword policy.Reason = "password_change_required"
)

// auditWithin is how long a picture waits for its audit entry to be durable.
const auditWithin = 5 * time.Second

// look is an allowed request whose duties can all be carried out. No picture
// may leave before commit returned nil.
type look struct {
	s        *Server
	request  policy.Request
	decision policy.Decision
	grant    policy.Grant
	camera   shouwang.CameraID
	options  watch.Options
	entry    policy.Entry
	index    uint64
	began    time.Time
}

// decide asks the gate for a look and checks that every duty can be carried
// out. A denial is logged and returned as a *Problem with its reasons.
func (s *Server) decide(ctx context.Context, c *caller, req policy.Request, cam *policy.Camera) (*look, error) {
	decision, grant := s.ask(c, req, cam)
	l := &look{s: s, request: req, decision: decision, grant: grant, camera: cam.CameraID(), entry: s.entryOf(c, req, &decision, cam)}
	if decision.Allowed() {
		var refused policy.Reason
		if l.options, refused = s.carry(&decision, c, cam); refused != "" {
			decision.Decision, decision.Reasons = "deny", []policy.Reason{refused}
		}
	}
	if !decision.Allowed() {
		s.metrics.denials.WithLabelValues(string(req.Action)).Inc()
		l.entry.Kind, l.entry.Decision, l.entry.Reasons, l.entry.Obligations = "denial", "deny", decision.Reasons, nil
		if _, err := s.append(ctx, l.entry); err != nil {
			s.log.Error("log denial", "error", err)
		}
		return nil, denial(&decision, s.textFor(c, &decision))
	}
	return l, nil
}

// ask puts the question to the gate, and refuses by itself what no gate may
// ever allow.
func (s *Server) ask(c *caller, req policy.Request, cam *policy.Camera) (policy.Decision, policy.Grant) {
	if c.who.Type == policy.TypeAdministrator || c.who.Type == policy.TypeService {
		return policy.Decision{ID: req.ID, Decision: "deny", Reasons: []policy.Reason{policy.ReasonNeverAPicture}}, policy.Grant{}
	}
	decision, grant := s.deps.Gate.Look(req)
	if decision.Allowed() && !covers(grant, req, cam) {
		decision.Decision, decision.Reasons = "deny", []policy.Reason{ReasonNoGrant}
	}
	return decision, grant
}

// covers checks the grant itself, so that a gate's slip shows nothing: live
// now, or the first and last instant of the footage asked for.
func covers(g policy.Grant, req policy.Request, cam *policy.Camera) bool {
	if f := req.Footage; f != nil {
		return g.Covers(req.Action, cam.CameraID(), f.From) && g.Covers(req.Action, cam.CameraID(), f.To.Add(-1))
	}
	return g.Covers(req.Action, cam.CameraID(), req.At)
}

// carry sorts the decision's obligations into what is done to the picture. It
// returns the reason to deny for the first that cannot be carried out; the
// zero reason means that all can.
func (s *Server) carry(d *policy.Decision, c *caller, cam *policy.Camera) (watch.Options, policy.Reason) {
	var o watch.Options
	for _, duty := range d.Obligations {
		switch duty.ID {
		case policy.ObligeMask:
			masks, ok := s.masks(cam, c.world)
			if !ok {
				return o, ReasonObligation
			}
			o.Masks = masks
		case policy.ObligeBlurPeople:
			o.BlurPeople = true
		case policy.ObligeBlurPlates:
			o.BlurPlates = true
		case policy.ObligeWatermark:
			o.Watermark = watermark(duty, c, d)
		case policy.ObligeNotifyOwner, policy.ObligeNoDownload:
			// notify: by commit; no download: by the headers of every picture.
		default:
			return o, ReasonObligation
		}
	}
	if !o.Plain() && !s.feeds.CanRender() {
		return o, ReasonNoRenderer
	}
	return o, ""
}

// masks gathers the owner's polygons from the consents and the camera's
// filing. A mask that encloses nothing cannot be carried out.
func (s *Server) masks(cam *policy.Camera, world *policy.World) ([]shouwang.Polygon, bool) {
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
func watermark(duty policy.Obligation, c *caller, d *policy.Decision) string {
	if text, ok := duty.Properties["text"].(string); ok && text != "" {
		return text
	}
	short := d.DecisionID
	if len(short) > 12 {
		short = short[len(short)-12:]
	}
	return fmt.Sprintf("%s %s", c.who.ID, short)
}

func (s *Server) entryOf(c *caller, req policy.Request, d *policy.Decision, cam *policy.Camera) policy.Entry {
	e := policy.Entry{
		At: req.At, Kind: "look", Principal: c.who.ID, Person: c.who.Name, Unit: c.who.Unit, Action: req.Action,
		Camera: cam.ID, Purpose: req.Purpose, Case: req.Case, Incident: req.Incident,
		Decision: d.Decision, DecisionID: d.DecisionID, PolicySet: d.PolicySet, Consent: d.Consent, Reasons: d.Reasons,
	}
	if f := req.Footage; f != nil {
		e.From, e.To = f.From, f.To
	}
	for _, duty := range d.Obligations {
		e.Obligations = append(e.Obligations, duty.ID)
	}
	return e
}

// append writes one entry of the access log and waits until it is durable, no
// longer than auditWithin; the caller's going away does not lose it.
func (s *Server) append(ctx context.Context, e policy.Entry) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditWithin)
	defer cancel()
	index, err := s.deps.Audit.Append(ctx, e)
	if err != nil {
		return 0, &shouwang.Error{
			Code: shouwang.CodeAuditUnavailable, Err: err,
			Message: "the access log cannot be written, so nothing is shown; the log of the service says why",
		}
	}
	return index, nil
}

// commit makes the look's audit entry durable and tells the owner where the
// decision demands it. Only after it returned nil may a picture leave.
func (l *look) commit(ctx context.Context) error {
	l.began = l.s.now()
	index, err := l.s.append(ctx, l.entry)
	if err != nil {
		l.s.log.Error("log look", "camera", l.camera, "error", errors.Unwrap(err))
		return err
	}
	l.index = index
	l.s.metrics.looks.WithLabelValues(string(l.request.Action)).Inc()
	if l.decision.Has(policy.ObligeNotifyOwner) {
		return l.notify(ctx)
	}
	return nil
}

// notify tells whoever watches the owner's page that a look began. The owner
// reads the entry itself in the access log; a bus that is away therefore
// loses nothing but the hurry.
func (l *look) notify(ctx context.Context) error {
	_, err := l.s.deps.Bus.Publish(ctx, shouwang.TopicLook, shouwang.LookNotice{
		Camera: l.camera, At: l.began, Index: l.index, Action: string(l.request.Action),
	})
	if err != nil {
		l.s.log.Warn("publish look notice", "camera", l.camera, "error", err)
	}
	return nil
}

// end logs how long the look took and what left the house.
func (l *look) end(bytes int64, reason string) {
	e := l.entry
	e.Kind, e.At, e.BytesOut, e.Detail = "look_end", l.s.now(), bytes, reason
	if l.request.Footage == nil {
		e.From, e.To = l.began, e.At
	}
	l.s.metrics.bytesOut.WithLabelValues(string(l.request.Action)).Add(float64(bytes))
	if _, err := l.s.append(context.Background(), e); err != nil {
		l.s.log.Error("log end of look", "camera", l.camera, "decision", l.decision.DecisionID, "error", errors.Unwrap(err))
	}
}
