package web

import (
	"shouwang/web/approvals"
	"shouwang/web/cases"
	"shouwang/web/cell"
	"shouwang/web/evidence"
	"shouwang/web/export"
	"shouwang/web/front"
	"shouwang/web/health"
	"shouwang/web/holds"
	"shouwang/web/join"
	"shouwang/web/look"
	"shouwang/web/machine"
	"shouwang/web/notices"
	"shouwang/web/oidc"
	"shouwang/web/onboard"
	"shouwang/web/orders"
	"shouwang/web/passkey"
	"shouwang/web/people"
	"shouwang/web/receipts"
	"shouwang/web/rules"
	"shouwang/web/subjects"
	"shouwang/web/transparency"
	"shouwang/web/viewgate"
)

// rooms are the operations of every room, so that the API's description is
// whole. They have no neighbours here: each room's own tests join it to some.
func rooms() []func(*front.Front, *look.Looks) {
	return []func(*front.Front, *look.Looks){
		approvals.Routes(approvals.Deps{}),
		evidence.New(evidence.Deps{}).Register,
		cases.New(cases.Deps{}).Register,
		join.Routes(join.Deps{}),
		onboard.Routes(onboard.Deps{}),
		health.Routes(health.Deps{}),
		people.New(people.Deps{}).Routes,
		transparency.Routes(transparency.Deps{}),
		machine.Routes(nil),
		export.Routes(export.Deps{}),
		holds.Routes(holds.Deps{}),
		orders.Routes(orders.Deps{}),
		receipts.Routes(receipts.Deps{}),
		viewgate.Routes(viewgate.Deps{}),
		cell.Routes(cell.Deps{}),
		subjects.Routes(subjects.Deps{}),
		rules.Routes(nil),
		oidc.Routes(oidc.Deps{}),
		passkey.Routes(passkey.Deps{}),
		notices.Routes(notices.Deps{}),
	}
}
