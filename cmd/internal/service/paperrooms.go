package service

import (
	"shouwang/web/approvals"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/receipts"
)

// paperRooms are the rooms of acts that take two people, and of what leaves
// the house on paper.
func (s *Service) paperRooms() []func(*front.Front, *look.Looks) {
	return []func(*front.Front, *look.Looks){
		approvals.Routes(s.approvalsRoom()),
		receipts.Routes(receipts.Deps{Store: receiptStore{s.consents()}, Gate: s.node.gate}),
	}
}
