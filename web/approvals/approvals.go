// Package approvals is where one person asks another to approve an act that
// takes two people, and the other answers in a session of their own, under a
// second factor just shown. The gate looks here for every second person that a
// request names: a name alone opens nothing.
//
// An approval is for one act (export, unmask, place_hold, release_hold, and
// the live view or playback of somebody who lives in that grid), on one stretch
// of one camera, for one case, once or a few times, for some hours; an export's
// is for one of its two forms, the veiled copy or the original. Asking, answering
// and using it are entries of the access log.
package approvals

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Store keeps approvals. Change makes one or its next state: change is given
// what stands, nil for a new id. Errors: CodeNotFound.
type Store interface {
	Change(ctx context.Context, id string, change func(*policy.Approval) (*policy.Approval, error)) (*policy.Approval, error)
	Approval(id string) (*policy.Approval, error)
	List(pick func(*policy.Approval) bool) []*policy.Approval
}

// Gate foresees what a request would be answered, and has looks under way at a
// camera judged anew.
type Gate interface {
	Decide(req policy.Request) policy.Decision
	Recheck(camera shouwang.CameraID)
}

// Clips finds the camera and the stretch of time of a clip; CodeNotFound when
// there is none.
type Clips interface {
	ClipSpan(ctx context.Context, id shouwang.ClipID) (shouwang.CameraID, shouwang.Span, error)
}

// Deps are what the room needs from its neighbours; all are needed.
type Deps struct {
	Store Store
	Gate  Gate
	Clips Clips
}

// Bounds of an approval.
const (
	answerWithin = 24 * time.Hour // how long it waits for an answer
	maxLasts     = 24             // hours from the answer
	defaultLasts = 8
	maxUses      = 20
	looksUses    = 10 // where it is for looking: a paused player begins a new look
	maxSpan      = 12 * time.Hour
)

type room struct {
	*front.Front
	Deps
	looks *look.Looks // keeps the access log
}

// Routes returns what registers the room's operations.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) { (&room{f, deps, l}).routes() }
}

func (r *room) routes() {
	f := r.Front
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "approvals", Summary: summary}
	}
	front.Route(f, op("listApprovals", http.MethodGet, "/api/approvals", "Approvals one asked for, gave, or may give, newest first"), front.Officers, r.list)
	front.Route(f, op("askApproval", http.MethodPost, "/api/approvals", "Ask for a second person's approval of one act"), front.Officers, r.ask)
	front.Route(f, op("getApproval", http.MethodGet, "/api/approvals/{id}", "One approval"), front.Officers, r.get)
	front.Route(f, op("giveApproval", http.MethodPost, "/api/approvals/{id}/approve", "Approve; takes a second factor shown within five minutes"), front.Officers, r.approve)
	front.Route(f, op("refuseApproval", http.MethodPost, "/api/approvals/{id}/refuse", "Refuse to approve"), front.Officers, r.refuse)
	front.Route(f, op("withdrawApproval", http.MethodPost, "/api/approvals/{id}/withdraw", "Take back what one asked for or gave"), front.Officers, r.withdraw)
}

// entry is what the log says of a step of an approval.
func entry(c *front.Caller, a *policy.Approval, at time.Time, step string) policy.Entry {
	detail := step + " " + a.ID
	if a.Action == policy.Export {
		detail += "; " + string(a.Form.OrVeiled())
	}
	return policy.Entry{
		At: at, Kind: "approval", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: a.Action, Camera: a.Camera,
		From: a.From, To: a.To, Purpose: a.Purpose, Case: a.Case, Detail: detail,
	}
}
