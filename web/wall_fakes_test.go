package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/wall"
)

// fakePapers are the desk's papers in memory, with one button.
type fakePapers struct {
	town *town

	mu      sync.Mutex
	records map[string]shouwang.IncidentRecord
	marks   map[shouwang.EventID]shouwang.Mark
	layouts map[string]shouwang.Layout
	calls   map[string]shouwang.Call
	heard   []shouwang.Signal
	changed []shouwang.DeskChange
	broken  error
}

func newFakePapers(tn *town) *fakePapers {
	return &fakePapers{
		town: tn, records: map[string]shouwang.IncidentRecord{}, marks: map[shouwang.EventID]shouwang.Mark{},
		layouts: map[string]shouwang.Layout{}, calls: map[string]shouwang.Call{},
	}
}

func (f *fakePapers) room() func(*front.Front, *look.Looks) {
	return wall.Room(wall.Deps{
		Gate: f.town.gate, Incidents: f.town.store, Records: f, Log: f, Events: f, Marks: f, Layouts: f, Calls: f, Buttons: f,
		Changed: func(ctx context.Context, c shouwang.DeskChange) {
			f.mu.Lock()
			f.changed = append(f.changed, c)
			f.mu.Unlock()
			_, _ = f.town.bus.Publish(ctx, shouwang.TopicDesk, c)
		},
	})
}

func (f *fakePapers) PutIncident(_ context.Context, r shouwang.IncidentRecord) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.records[r.ID] = r
	return f.broken
}

func (f *fakePapers) Incident(_ context.Context, id string) (shouwang.IncidentRecord, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.records[id]
	if !ok {
		return r, shouwang.Errorf(shouwang.CodeNotFound, "none")
	}
	return r, nil
}

func (f *fakePapers) LooksAt(ctx context.Context, camera string, span shouwang.Span) ([]policy.Entry, error) {
	return f.town.audit.about(camera, span), ctx.Err()
}

func (f *fakePapers) EventCamera(ctx context.Context, id shouwang.EventID) (shouwang.CameraID, error) {
	e, err := f.town.store.Event(ctx, id)
	return e.Camera, err
}

func (f *fakePapers) SetMark(_ context.Context, event shouwang.EventID, camera shouwang.CameraID, by string, change func(*shouwang.Mark)) (shouwang.Mark, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.marks[event]
	change(&m)
	m.Event, m.Camera, m.By, m.At = event, camera, by, f.town.clock.now()
	f.marks[event] = m
	return m, nil
}

func (f *fakePapers) Marks(context.Context, time.Time) ([]shouwang.Mark, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []shouwang.Mark
	for _, m := range f.marks {
		out = append(out, m)
	}
	return out, nil
}

func (f *fakePapers) Layouts(context.Context) ([]shouwang.Layout, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []shouwang.Layout
	for _, l := range f.layouts {
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b shouwang.Layout) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (f *fakePapers) PutLayout(_ context.Context, l shouwang.Layout) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.layouts[l.ID] = l
	return nil
}

func (f *fakePapers) RemoveLayout(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.layouts, id)
	return nil
}

func (f *fakePapers) Calls(context.Context, time.Time) ([]shouwang.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []shouwang.Call
	for _, c := range f.calls {
		out = append(out, c)
	}
	return out, nil
}

func (f *fakePapers) Call(_ context.Context, id string) (shouwang.Call, error) {
	return f.change(id, func(*shouwang.Call) {})
}

func (f *fakePapers) AnswerCall(_ context.Context, id, by string) (shouwang.Call, error) {
	return f.change(id, func(c *shouwang.Call) { c.State, c.AnsweredBy = shouwang.CallAnswered, by })
}

func (f *fakePapers) JoinCall(_ context.Context, id, incident string) (shouwang.Call, error) {
	return f.change(id, func(c *shouwang.Call) { c.Incident = incident })
}

func (f *fakePapers) CloseCall(_ context.Context, id, by, outcome, note string) (shouwang.Call, error) {
	return f.change(id, func(c *shouwang.Call) {
		c.State, c.ClosedBy, c.Outcome, c.Note = shouwang.CallClosed, by, outcome, note
	})
}

func (f *fakePapers) change(id string, do func(*shouwang.Call)) (shouwang.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.calls[id]
	if !ok {
		return c, shouwang.Errorf(shouwang.CodeNotFound, "none")
	}
	do(&c)
	f.calls[id] = c
	return c, nil
}

// bedside hangs at the door; far in another township.
var bedside = shouwang.ButtonHealth{Battery: 12, Button: shouwang.Button{
	ID: "bedside", Household: "李家", Phone: "13800000000", Place: "house-12", Position: shouwang.Position{Lat: 25.7001, Lon: 103.8301}, HeartbeatS: 60,
}}

func (f *fakePapers) Buttons(context.Context) ([]shouwang.ButtonHealth, error) {
	far := bedside
	far.ID, far.Place = "far", "far-house"
	return []shouwang.ButtonHealth{bedside, far}, nil
}

func (f *fakePapers) Admits(_ context.Context, id shouwang.ButtonID, token string) error {
	if token != "t-"+string(id) {
		return shouwang.Errorf(shouwang.CodeUnauthenticated, "wrong token")
	}
	return nil
}

func (f *fakePapers) Hear(_ context.Context, s shouwang.Signal) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	f.heard = append(f.heard, s)
	if s.Kind == shouwang.SignalPress {
		id := "sos-" + string(s.Button)
		f.calls[id] = shouwang.Call{ID: id, Button: s.Button, State: shouwang.CallOpen, Presses: f.calls[id].Presses + 1, First: s.Received}
	}
	return nil
}
