package service

import (
	"shouwang/web/approvals"
	"shouwang/web/cell"
	"shouwang/web/front"
	"shouwang/web/join"
	"shouwang/web/look"
	"shouwang/web/machine"
	"shouwang/web/oidc"
	"shouwang/web/passkey"
	ruleroom "shouwang/web/rules"
	"shouwang/web/subjects"
	"shouwang/web/transparency"
	"shouwang/web/viewgate"
)

// rooms are web's rooms, each joined to its neighbours in a file of its own.
func (s *Service) rooms() []func(*front.Front, *look.Looks) {
	staff := s.peopleRoom()
	return []func(*front.Front, *look.Looks){
		approvals.Routes(s.approvalsRoom()),
		s.wallRoom(),
		s.evidence.Register,
		s.casesRoom().Register,
		join.Routes(s.join()),
		s.onboardRoom(staff),
		s.healthRoom(),
		staff.Routes,
		transparency.Routes(s.transparencyRoom()),
		subjects.Routes(subjects.Deps{Store: subjectStore{s.node.registry, s.node.refresh}, Player: s.evidence}),
		oidc.Routes(oidc.Deps{Config: s.cfg.Web.OIDC, Accounts: s.auth, Touch: s.touchOrigin}),
		passkey.Routes(passkey.Deps{Accounts: s.auth, Keys: s.node.registry, Address: s.touchAddress()}),
		s.noticesRoom(),
		machine.Routes(machineLog{s.ledger}),
		cell.Routes(cell.Deps{Gate: s.node.gate}),
		viewgate.Routes(viewgate.Deps{Gate: s.node.gate, Views: s.views, Renderer: renderer{s.node.pool}}),
		ruleroom.Routes(newRuleFiles(s.cfg.path("rules"))),
	}
}
