package service

import (
	"shouwang/web/export"
	"shouwang/web/front"
	"shouwang/web/holds"
	"shouwang/web/look"
	"shouwang/web/orders"
	"shouwang/web/receipts"
)

// paperRooms are the rooms of acts that take two people, and of what leaves
// the house on paper.
func (s *Service) paperRooms() []func(*front.Front, *look.Looks) {
	return []func(*front.Front, *look.Looks){
		holds.Routes(holds.Deps{Gate: s.node.gate, Store: holdStore{s.node, s.eraser}}),
		export.Routes(export.Deps{Gate: s.node.gate, Store: exportStore{
			holdStore: holdStore{s.node, s.eraser}, footage: footage{archive: s.node.archive, recorder: s.node.recorder}, ledger: s.ledger, notary: s.notary,
			render: renderer{s.node.pool},
		}}),
		orders.Routes(orders.Deps{Store: desk{s.node.registry, s.node.refresh}}),
		receipts.Routes(receipts.Deps{Store: receiptStore{s.consents()}, Gate: s.node.gate}),
	}
}
