package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// CaseDone is one thing done in a case: a line of its journal, or an entry of the
// access log.
type CaseDone struct {
	At time.Time `json:"at"`
	By Colleague `json:"by"`
	// Did is a stable word: opened, closed, searched, clip, still, note, removed,
	// sheet, member_added, member_removed; or the kind of the access log's entry:
	// look, look_end, denial, export, hold, release, destroy.
	Did        string            `json:"did"`
	What       string            `json:"what,omitempty"`
	Camera     shouwang.CameraID `json:"camera,omitempty"`
	CameraName string            `json:"camera_name,omitempty"`
	From       time.Time         `json:"from,omitzero"`
	To         time.Time         `json:"to,omitzero"`
	Action     policy.Action     `json:"action,omitempty"`
	Reasons    []policy.Reason   `json:"reasons,omitempty"`
	// Index is the entry's place in the access log.
	Index *uint64 `json:"index,omitempty"`
}

type historyOutput struct {
	Body struct {
		Done []CaseDone `json:"done"`
		Zone string     `json:"zone"`
	}
}

func (r *Room) history(ctx context.Context, c *front.Caller, in *idInput) (*historyOutput, error) {
	cs, err := r.kase(c, in.ID)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{}
	out.Body.Zone = c.World.Zone().String()
	if out.Body.Done, err = r.journal(ctx, c, cs); err != nil {
		return nil, err
	}
	logged, err := r.deps.Log.ForCase(ctx, cs.ID, cs.Opened)
	if err != nil {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	for i := range logged {
		out.Body.Done = append(out.Body.Done, r.logged(c, &logged[i]))
	}
	slices.SortStableFunc(out.Body.Done, func(a, b CaseDone) int { return b.At.Compare(a.At) })
	return out, nil
}

func (r *Room) journal(ctx context.Context, c *front.Caller, cs *policy.Case) ([]CaseDone, error) {
	lines, err := r.deps.Book.History(ctx, cs.ID, 0)
	if err != nil {
		return nil, err
	}
	out := []CaseDone{}
	if !cs.Closed.IsZero() {
		out = append(out, CaseDone{At: cs.Closed, Did: "closed", By: Colleague{Roles: []policy.Role{}}})
	}
	for _, l := range lines {
		d := CaseDone{At: l.At, By: r.person(c, l.By), Did: l.Did, What: l.What}
		if strings.HasPrefix(l.Did, "member_") {
			d.What = r.person(c, l.What).Name
		}
		out = append(out, d)
	}
	first := Colleague{Roles: []policy.Role{}}
	if len(cs.Members) > 0 {
		first = r.person(c, cs.Members[0])
	}
	return append(out, CaseDone{At: cs.Opened, Did: "opened", By: first, What: cs.Title}), nil
}

func (r *Room) logged(c *front.Caller, l *Logged) CaseDone {
	camera := shouwang.CameraID(strings.TrimPrefix(l.Camera, "camera:"))
	d := CaseDone{
		At: l.At, By: r.person(c, l.Principal), Did: l.Kind, Camera: camera, From: l.From, To: l.To,
		Action: l.Action, Index: &l.Index,
	}
	if camera != "" {
		d.CameraName = cameraName(c, camera)
	}
	if l.Kind == "denial" {
		d.Reasons = l.Reasons
	}
	return d
}
