// Package machine is the room where the oversight reads what was done with
// commands at the machine. There one person is enough for what the pages ask two
// for, so it is told to those who would have been the second.
package machine

import (
	"context"
	"net/http"
	"strings"
	"time"

	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Entry is an entry of the access log with its number.
type Entry struct {
	Index uint64
	policy.Entry
}

// Log reads the access log's entries of [policy.KindMachine], newest first: at
// most limit with numbers below before, from the newest where before is 0.
type Log interface {
	MachineActs(ctx context.Context, before uint64, limit int) ([]Entry, error)
}

// perPage is how many acts one answer has.
const perPage = 50

// Act is one command at the machine.
type Act struct {
	Index uint64    `json:"index" doc:"Number in the access log"`
	At    time.Time `json:"at"`
	Who   string    `json:"who" doc:"The operating system's user and host, as root (sudo: chen)@tower"`
	What  string    `json:"what" doc:"The command, as user add officer:new"`
}

type actsInput struct {
	Before uint64 `query:"before" doc:"Only entries with a smaller number: the last one's, for the next page"`
}

type actsOutput struct {
	Body struct {
		Acts []Act `json:"acts" doc:"Newest first"`
		More bool  `json:"more" doc:"There are older ones"`
	}
}

type room struct {
	*front.Front
	log Log
}

// Routes returns what registers the room's operation.
func Routes(log Log) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) {
		r := &room{f, log}
		front.Route(f, front.Op{
			ID: "machineActs", Method: http.MethodGet, Path: "/api/machine-acts", Tag: "log",
			Summary: "What was done with commands at the machine, for oversight",
		}, front.Officers, r.acts)
	}
}

func (r *room) acts(ctx context.Context, c *front.Caller, in *actsInput) (*actsOutput, error) {
	if !c.Who.Has(policy.RoleOversight) || c.Who.Has(policy.RoleDispatcher) {
		d := policy.Decision{Reasons: []policy.Reason{policy.ReasonRole}}
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	found, err := r.log.MachineActs(ctx, in.Before, perPage+1)
	if err != nil {
		return nil, err
	}
	out := &actsOutput{}
	out.Body.Acts, out.Body.More = []Act{}, len(found) > perPage
	for _, e := range found[:min(len(found), perPage)] {
		out.Body.Acts = append(out.Body.Acts, actOf(e))
	}
	return out, nil
}

// actOf leaves out what only machines read: what the user's name begins with and
// the note's own number behind the command.
func actOf(e Entry) Act {
	what := e.Detail
	if end := strings.LastIndex(what, "; ma-"); end >= 0 {
		what = what[:end]
	}
	return Act{Index: e.Index, At: e.At, Who: strings.TrimPrefix(e.Principal, "machine:"), What: what}
}
