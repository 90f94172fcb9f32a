package gate

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

// cached is a grant, for or against, with how long it may be reused: for
// captures within its span, until something in the world comes due.
type cached struct {
	grant Grant
	span  shouwang.Span
	until time.Time
}

// Analyze answers whether a picture of the camera captured at the time given
// may be analysed now. The grant's span ends with the hour of capture. The
// answer is remembered: asking for every picture costs well under a
// microsecond and allocates nothing.
func (g *Gate) Analyze(camera shouwang.CameraID, captured time.Time) Grant {
	return g.machine(policy.Analyze, camera, captured)
}

// Record answers whether a picture of the camera captured at the time given
// may be recorded now, and how: Grant.Recording has the mode, the stream and
// how long it is kept. Its cost is that of Analyze.
func (g *Gate) Record(camera shouwang.CameraID, captured time.Time) Grant {
	return g.machine(policy.Record, camera, captured)
}

func (g *Gate) machine(action policy.Action, camera shouwang.CameraID, captured time.Time) Grant {
	if g == nil {
		return Grant{}
	}
	st, now := g.now.Load(), g.clock()
	slot := st.answers.slot(action, camera)
	if slot == nil {
		c := st.askMachine(g, action, camera, captured, now)
		if _, known := st.world.Camera(policy.CameraResource(camera)); known {
			st.answers.keep(action, camera, c)
		}
		return c.grant
	}
	if c := slot.Load(); c != nil && c.span.Contains(captured) && now.Before(c.until) && captured.Before(now.Add(clockSlack)) {
		return c.grant
	}
	c := st.askMachine(g, action, camera, captured, now)
	slot.Store(c)
	return c.grant
}

// askMachine tries each purpose that the owner agreed to, or the filing, and
// takes the first that allows.
func (st *state) askMachine(g *Gate, action policy.Action, id shouwang.CameraID, captured, now time.Time) *cached {
	hour := hourOf(st.world.Zone(), captured)
	out := &cached{span: shouwang.Span{From: hour, To: hour.Add(time.Hour)}, until: now.Add(time.Hour)}
	cam, known := st.world.Camera(policy.CameraResource(id))
	for _, purpose := range machinePurposes(st.world, cam) {
		req := asked{Request: policy.Request{ID: string(action), Action: action, Resource: policy.CameraResource(id), At: now, Purpose: purpose}}
		s, wrong := newScene(st.world, &req, true)
		v := &verdict{reasons: []policy.Reason{wrong}}
		if wrong == "" {
			s.captured = shouwang.Span{From: captured, To: captured}
			v = st.judge(s)
		}
		d := g.envelope(st, s, v)
		out.grant = Grant{action: action, decision: d}
		if v.allow {
			out.grant = Grant{
				id: d.DecisionID, camera: id, action: action, span: s.machineSpan(out.span), decision: d,
				recording: s.recording(),
			}
			break
		}
	}
	if known {
		out.until = nextChange(cam, st.world.CurrentConsents(cam.ID), now, out.until)
	}
	if captured.After(now) {
		out.until = now // the answer for a capture ahead of our clock is not kept
	}
	return out
}

// machinePurposes are the listed purposes for which something could be
// allowed; at least one, so that a denial has its reason.
func machinePurposes(w *policy.World, cam *policy.Camera) []string {
	var consents []*policy.Consent
	if cam != nil && cam.LegalClass != shouwang.ClassPublic {
		consents = w.CurrentConsents(cam.ID)
	}
	if len(consents) == 0 {
		listed := w.Purposes()
		return listed[:min(1, len(listed))]
	}
	out := make([]string, 0, len(consents))
	for _, c := range consents {
		out = append(out, c.Purpose)
	}
	return out
}

// machineSpan cuts the hour to what the consent or the filing covers.
func (s *scene) machineSpan(hour shouwang.Span) shouwang.Span {
	switch {
	case s.basis == basisConsent:
		return hour.Intersect(shouwang.Span{From: s.consent.NotBefore, To: s.consent.NotAfter})
	case s.cam.Filing != nil && !s.cam.Filing.To.IsZero():
		return hour.Intersect(shouwang.Span{From: s.cam.Filing.From, To: s.cam.Filing.To})
	}
	return hour
}

// nextChange returns the next moment, before limit, at which an answer may
// differ although nobody changed the world.
func nextChange(c *policy.Camera, consents []*policy.Consent, now, limit time.Time) time.Time {
	consider := func(t time.Time) {
		if t.After(now) && t.Before(limit) {
			limit = t
		}
	}
	for _, consent := range consents {
		consider(consent.NotBefore)
		consider(consent.NotAfter)
		if consent.PauseUntil != nil {
			consider(*consent.PauseUntil)
		}
	}
	if c.Filing != nil {
		consider(c.Filing.From)
		consider(c.Filing.To)
	}
	return limit
}

// recording is how the footage is to be made: as the owner chose, or for a
// department's camera rolling, at least the statutory period.
func (s *scene) recording() policy.Recording {
	if s.req.Action != policy.Record {
		return policy.Recording{Mode: policy.RecordNone}
	}
	if s.basis == basisFiling {
		return policy.Recording{Mode: policy.RecordRolling, Stream: shouwang.StreamMain, Retention: days(s.cam.FiledDays())}
	}
	r := policy.Recording{
		Mode: s.consent.RecordMode(), Stream: s.consent.RecordingStream,
		Retention: days(s.consent.KeepDays(s.cam.LegalClass)),
	}
	if r.Stream == "" {
		r.Stream = shouwang.StreamMain
	}
	return r
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
