package service

import (
	"shouwang/web/approvals"
	"shouwang/web/front"
	"shouwang/web/join"
	"shouwang/web/look"
	"shouwang/web/transparency"
)

// rooms are web's rooms, each joined to its neighbours in a file of its own.
func (s *Service) rooms() []func(*front.Front, *look.Looks) {
	return []func(*front.Front, *look.Looks){
		approvals.Routes(s.approvalsRoom()),
		s.wallRoom(),
		s.evidence.Register,
		s.casesRoom().Register,
		join.Routes(s.join()),
		s.onboardRoom(),
		transparency.Routes(s.transparencyRoom()),
	}
}
