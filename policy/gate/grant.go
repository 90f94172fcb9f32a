package gate

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

// Grant is the policy's permission for one action on one camera. Only this
// package can fill one; the zero Grant covers nothing. Grants are values: a
// change of consent does not reach into them, so whoever keeps one asks the
// gate again when told of a change and at least every 15 seconds.
type Grant struct {
	id        string
	camera    shouwang.CameraID
	action    policy.Action
	span      shouwang.Span // of capture time
	decision  policy.Decision
	recording policy.Recording
	second    string // who approved
}

// ID names the grant: the decision's id.
func (g Grant) ID() string { return g.id }

// Camera returns the camera the grant is for, "" for the zero Grant.
func (g Grant) Camera() shouwang.CameraID { return g.camera }

// Decision returns the decision behind the grant, reasons and obligations
// included; for a denial it says why.
func (g Grant) Decision() policy.Decision { return g.decision }

// Recording returns how to record; the mode is RecordNone unless the grant is
// for Record.
func (g Grant) Recording() policy.Recording {
	if g.action != policy.Record || !g.decision.Allowed() {
		return policy.Recording{Mode: policy.RecordNone}
	}
	return g.recording
}

// Covers reports whether the grant permits the action on a picture of the
// camera taken at the time given.
func (g Grant) Covers(action policy.Action, camera shouwang.CameraID, captured time.Time) bool {
	return g.id != "" && g.decision.Allowed() && g.action == action &&
		g.camera == camera && g.span.Contains(captured)
}

// SecondPerson returns who approved the request behind the grant, "" where
// nobody was named.
func (g Grant) SecondPerson() string { return g.second }
