package service

import (
	"shouwang/web/front"
	"shouwang/web/holds"
	"shouwang/web/look"
	"shouwang/web/receipts"
)

// paperRooms are the rooms of acts that take two people, and of what leaves
// the house on paper.
func (s *Service) paperRooms() []func(*front.Front, *look.Looks) {
	return []func(*front.Front, *look.Looks){
		holds.Routes(holds.Deps{Gate: s.node.gate, Store: holdStore{s.node, s.eraser}}),
		receipts.Routes(receipts.Deps{Store: receiptStore{s.consents()}, Gate: s.node.gate}),
	}
}
