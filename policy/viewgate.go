package policy

import (
	"slices"

	"shouwang"
)

// What a township says about the view gate.
const (
	// ViewGateRecorded notes approvals; a view that was approved once and drifts
	// closes its camera.
	ViewGateRecorded = "recorded"
	// ViewGateRequired lets a consent open nothing before two people approved.
	ViewGateRequired = "required"
)

// ViewGate returns what the township says: ViewGateRequired or ViewGateRecorded.
func (w *World) ViewGate() string {
	if w.forced {
		return ViewGateRequired
	}
	return ViewGateRecorded
}

// viewApproved says whether the view gate lets the consent open the camera: two
// people approved its view, by the camera's record or the consent's own.
func (w *World) viewApproved(cam *Camera, c *Consent) bool {
	return !w.forced || twoPeople(cam.ViewApprovedBy) || c != nil && c.Device != nil && twoPeople(c.Device.ViewApprovedBy)
}

// twoPeople says whether the list names two different people.
func twoPeople(list []string) bool {
	return len(list) >= ViewSigners && list[0] != "" && list[1] != "" && list[0] != list[1]
}

// ViewWaiting reports whether the camera waits for two people to approve its
// view: it is closed though its view has not drifted, or a consent for it is in
// force and opens nothing.
func (w *World) ViewWaiting(id string) bool {
	cam := w.cameras[id]
	if cam == nil {
		return false
	}
	if cam.Quarantined {
		n := len(cam.Drifted)
		return n == 0 || !cam.Drifted[n-1].To.IsZero()
	}
	for _, c := range cam.current {
		if c.State.Live() && !w.viewApproved(cam.Camera, c) {
			return true
		}
	}
	return false
}

// CheckViewGate reports, as CodeBadConfig, that the township forces the view gate
// and the rules let a consent open a camera all the same: a folder of policies
// written before there was a view gate does.
func CheckViewGate(w *World, r *Rules) error {
	if !w.forced || r.bindsViewGate() {
		return nil
	}
	return shouwang.Errorf(shouwang.CodeBadConfig, "the township says view_gate: required, and the folder of policies does not carry it out: add the policy \"view_approved\", "+
		"which shouwang policy write NEW-FOLDER writes into 2-consent.cedar")
}

// gatedActs are acts of one kind of principal.
type gatedActs struct {
	who     PrincipalType
	actions []Action
}

// viewGated are the acts that a consent opens and the view gate must close.
var viewGated = []gatedActs{
	{TypeOfficer, []Action{ViewLive, Playback, Export, Unmask, Search}},
	{TypeKiosk, []Action{ViewLive}},
	{TypeResident, []Action{ViewLive}},
	{TypeService, []Action{Analyze, Record}},
}

// bindsViewGate asks the rules about every act in viewGated under facts that are as
// good as they can be, but for the view, which nobody has approved.
func (r *Rules) bindsViewGate() bool {
	for _, g := range viewGated {
		for _, action := range g.actions {
			f := facts{bits: 1<<countFacts - 1, who: g.who, action: action, basis: basisConsent, class: shouwang.ClassResident}
			f.set(factViewApproved, false)
			for i, role := range roleBits {
				if g.who == TypeOfficer && role != RoleContractor && role != RoleOversight {
					f.roles |= 1 << i
				}
			}
			if f.footage = actions[action].footage && !actions[action].camera; f.footage {
				f.key = KeyLive
			}
			if r.judge(f).allow {
				return false
			}
		}
	}
	return true
}

// closedByView says that the view gate closes the camera to the request though
// the rules in force may not know of it: a township can be imported under a
// service whose rules were fit for the one before.
func (st *state) closedByView(s *scene) bool {
	return st.unbound && s.basis == basisConsent && s.touches() && !s.world.viewApproved(s.cam.Camera, s.consent)
}

// touches says whether pictures are looked at, searched, analysed or recorded,
// other than to approve the view.
func (s *scene) touches() bool {
	return slices.ContainsFunc(viewGated, func(g gatedActs) bool { return slices.Contains(g.actions, s.req.Action) })
}
