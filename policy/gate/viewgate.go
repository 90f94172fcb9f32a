package gate

import (
	"slices"

	"shouwang"
	"shouwang/policy"
)

// CheckViewGate reports, as CodeBadConfig, that the township forces the view gate
// and the rules let a consent open a camera all the same: a folder of policies
// written before there was a view gate does.
func CheckViewGate(w *policy.World, r *Rules) error {
	if w.ViewGate() != policy.ViewGateRequired || r.bindsViewGate() {
		return nil
	}
	return shouwang.Errorf(shouwang.CodeBadConfig, "the township says view_gate: required, and the folder of policies does not carry it out: add the policy \"view_approved\", "+
		"which shouwang policy write NEW-FOLDER writes into 2-consent.cedar")
}

// gatedActs are acts of one kind of principal.
type gatedActs struct {
	who     policy.PrincipalType
	actions []policy.Action
}

// viewGated are the acts that a consent opens and the view gate must close.
var viewGated = []gatedActs{
	{policy.TypeOfficer, []policy.Action{policy.ViewLive, policy.Playback, policy.Export, policy.Unmask, policy.Search}},
	{policy.TypeKiosk, []policy.Action{policy.ViewLive}},
	{policy.TypeResident, []policy.Action{policy.ViewLive}},
	{policy.TypeService, []policy.Action{policy.Analyze, policy.Record}},
}

// bindsViewGate asks the rules about every act in viewGated under facts that are as
// good as they can be, but for the view, which nobody has approved.
func (r *Rules) bindsViewGate() bool {
	for _, g := range viewGated {
		for _, action := range g.actions {
			f := facts{bits: 1<<countFacts - 1, who: g.who, action: action, basis: basisConsent, class: shouwang.ClassResident}
			f.set(factViewApproved, false)
			for i, role := range roleBits {
				if g.who == policy.TypeOfficer && role != policy.RoleContractor && role != policy.RoleOversight {
					f.roles |= 1 << i
				}
			}
			if f.footage = actions[action].footage && !actions[action].camera; f.footage {
				f.key = policy.KeyLive
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
	return st.unbound && s.basis == basisConsent && s.touches() && !s.world.ViewApproved(s.cam, s.consent)
}

// touches says whether pictures are looked at, searched, analysed or recorded,
// other than to approve the view.
func (s *scene) touches() bool {
	return slices.ContainsFunc(viewGated, func(g gatedActs) bool { return slices.Contains(g.actions, s.req.Action) })
}
