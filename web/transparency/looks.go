package transparency

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type looksInput struct {
	ID   shouwang.CameraID `path:"id" maxLength:"64"`
	From time.Time         `query:"from" doc:"Thirty days ago when absent"`
	To   time.Time         `query:"to"`
}

type looksOutput struct {
	Body struct {
		Looks     []LookView `json:"looks" doc:"Newest first"`
		Deferred  int        `json:"deferred" doc:"Looks whose notice is put off by an approver for a time"`
		Sealed    []Sealed   `json:"sealed" doc:"Those looks, one by one"`
		Deferrals []Deferral `json:"deferrals" doc:"What an approver has put off or revealed, once it may be read"`
	}
}

// Proven is an entry of the log as it was logged, letter by letter, for the
// reader to check: SHA-256 of "shouwang audit leaf v1\n", salt and entry is the
// leaf that stands at leaf_index.
type Proven struct {
	LeafIndex *uint64 `json:"leaf_index,omitempty" doc:"Place in the public log; absent for the moment until it has one"`
	Salt      []byte  `json:"salt"`
	Entry     string  `json:"entry"`
}

// LookView is one look at a camera as its owner reads it.
type LookView struct {
	At          time.Time             `json:"at"`
	To          time.Time             `json:"to,omitzero"`
	Person      string                `json:"person"`
	Unit        string                `json:"unit,omitempty"`
	Approved    string                `json:"approved,omitempty" doc:"Who approved, where it took two people"`
	Action      policy.Action         `json:"action"`
	Purpose     string                `json:"purpose"`
	CaseType    string                `json:"case_type,omitempty"`
	Obligations []policy.ObligationID `json:"obligations"`
	Index       uint64                `json:"index" doc:"Number in the access log"`
	BytesOut    int64                 `json:"bytes_out"`
	Exported    bool                  `json:"exported" doc:"The footage left the house"`
	Own         bool                  `json:"own" doc:"The reader's own look"`
	// CapturedFrom and CapturedTo are the footage looked at; absent for live.
	CapturedFrom time.Time `json:"captured_from,omitzero"`
	CapturedTo   time.Time `json:"captured_to,omitzero"`
	// Opened is until when an approver had put the notice off, and DeferredFor
	// why.
	Opened      time.Time `json:"opened,omitzero"`
	DeferredFor string    `json:"deferred_for,omitempty"`
	Proof       Proven    `json:"proof" doc:"The entry of its beginning"`
	End         *Proven   `json:"end,omitempty" doc:"The entry of its end: how long and how much"`
}

// Sealed is a look that the owner is not told of yet. It is counted, it has its
// place in the log, and it opens by itself.
type Sealed struct {
	LeafIndex *uint64   `json:"leaf_index,omitempty"`
	Until     time.Time `json:"until" doc:"The day by whose end it is told at the latest"`
}

// Deferral is an approver's word that notices of a case's looks wait.
type Deferral struct {
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Proof  Proven    `json:"proof"`
}

const usualLooks = 30 * 24 * time.Hour

func (r *room) whoLooked(ctx context.Context, c *front.Caller, in *looksInput) (*looksOutput, error) {
	cam, err := c.Camera(in.ID)
	if err != nil {
		return nil, err
	}
	if d := r.Gate.Decide(c.Request(policy.ReadAccessLog, cam, front.Why{}, r.Now())); !d.Allowed() {
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	span := shouwang.Span{From: in.From, To: in.To}
	if span.To.IsZero() {
		span.To = r.Now().Add(time.Minute)
	}
	if span.From.IsZero() {
		span.From = span.To.Add(-usualLooks)
	}
	// What was sealed then may have opened since, and counts as told then. A
	// deferral may be as much older again.
	wide := shouwang.Span{From: span.From.Add(-2 * policy.LongestDeferral), To: span.To}
	entries, err := r.Deps.Looks.Looks(ctx, cam.ID, wide)
	if err != nil {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	v := views{c: c, now: r.Now(), span: span}
	return v.of(entries), nil
}

// views turns entries into what their owner reads.
type views struct {
	c    *front.Caller
	now  time.Time
	span shouwang.Span

	ends  map[string]*Logged
	about []policy.Numbered
}

func (v *views) of(entries []Logged) *looksOutput {
	out := &looksOutput{}
	out.Body.Looks, out.Body.Sealed, out.Body.Deferrals = []LookView{}, []Sealed{}, []Deferral{}
	v.ends = map[string]*Logged{}
	for i := range entries {
		switch e := &entries[i]; e.Kind {
		case "look_end":
			v.ends[e.DecisionID] = e
		case policy.KindDefer, policy.KindReveal:
			v.about = append(v.about, policy.Numbered{Index: e.Index, Entry: &e.Entry})
		}
	}
	for i := range entries {
		v.add(out, &entries[i])
	}
	out.Body.Deferred = len(out.Body.Sealed)
	return out
}

func (v *views) add(out *looksOutput, e *Logged) {
	switch {
	case e.Kind == "look" || e.Kind == "export":
	case e.Kind == "hold" || e.Kind == "release": // what was kept beyond its time, and let go again
	case e.Kind == policy.KindDefer && e.To.Before(v.now) && v.span.Contains(e.To):
		out.Body.Deferrals = append(out.Body.Deferrals, Deferral{At: e.At, Until: e.To, By: nameOf(e), Reason: e.Detail, Proof: proven(e)})
		return
	default:
		return
	}
	until, by := policy.SealedUntil(policy.Numbered{Index: e.Index, Entry: &e.Entry}, v.about)
	if until.After(v.now) {
		out.Body.Sealed = append(out.Body.Sealed, Sealed{LeafIndex: place(e), Until: endOfDay(until)})
		return
	}
	if !v.span.Contains(e.At) && (until.IsZero() || !v.span.Contains(until)) {
		return
	}
	view := v.look(e)
	view.Opened = until
	if by != nil {
		view.DeferredFor = by.Detail
	}
	out.Body.Looks = append(out.Body.Looks, view)
}

// endOfDay keeps the hour of a sealed look to itself.
func endOfDay(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	if day.Equal(t) {
		return day
	}
	return day.Add(24 * time.Hour)
}

func nameOf(e *Logged) string {
	if e.Person != "" {
		return e.Person
	}
	return e.Principal
}

func place(e *Logged) *uint64 {
	if !e.Published {
		return nil
	}
	at := e.Place
	return &at
}

func proven(e *Logged) Proven { return Proven{LeafIndex: place(e), Salt: e.Salt, Entry: e.Line} }

func (v *views) look(e *Logged) LookView {
	out := LookView{
		At: e.At, Person: nameOf(e), Unit: e.Unit, Action: e.Action, Purpose: e.Purpose, Index: e.Index,
		Obligations: append([]policy.ObligationID{}, e.Obligations...), Own: e.Principal == v.c.Who.ID,
		Exported: e.Kind == "export" || e.Action == policy.Export, CapturedFrom: e.From, CapturedTo: e.To, Proof: proven(e),
	}
	if e.Second != "" {
		out.Approved = e.Second
		if p, ok := v.c.World.Principal(e.Second); ok {
			out.Approved = cmp.Or(p.Name, p.ID)
			if v.c.Lang == "en" {
				out.Approved = cmp.Or(p.NameEn, out.Approved)
			}
		}
	}
	if u, ok := v.c.World.Unit(e.Unit); ok && u.Name != "" {
		out.Unit = u.Name
		if v.c.Lang == "en" && u.NameEn != "" {
			out.Unit = u.NameEn
		}
	}
	if cs, ok := v.c.World.Case(e.Case); ok {
		out.CaseType = cs.Type
	}
	if end := v.ends[e.DecisionID]; end != nil {
		p := proven(end)
		out.To, out.BytesOut, out.End = end.At, end.BytesOut, &p
	}
	return out
}
