package service

import (
	"shouwang/web/front"
	"shouwang/web/join"
	"shouwang/web/look"
	"shouwang/web/transparency"
)

// rooms are web's rooms, each joined to its neighbours in a file of its own.
func (s *Service) rooms() []func(*front.Front, *look.Looks) {
	return append(s.paperRooms(), []func(*front.Front, *look.Looks){
		s.evidence.Register,
		s.casesRoom().Register,
		join.Routes(s.join()),
		s.onboardRoom(),
		transparency.Routes(s.transparencyRoom()),
	}
	}...)
}
