package viewgate

import (
	"context"
	"errors"
	"testing"
	"time"

	"shouwang"
	"shouwang/web/watch"
)

// painter is a renderer that notes what it is given and paints nothing.
type painter struct {
	asked watch.Options
	seen  []*shouwang.AccessUnit
}

var errDry = errors.New("out of paint")

func (p *painter) Render(_ context.Context, o watch.Options) (watch.Rendering, error) {
	p.asked = o
	return &painting{p, make(chan *shouwang.AccessUnit)}, nil
}

func (p *painter) Share(context.Context, watch.Options) (watch.Group, error) { return nil, errDry }

type painting struct {
	*painter
	out chan *shouwang.AccessUnit
}

func (p *painting) Push(*shouwang.AccessUnit) error { return errDry }

func (p *painting) PushWait(_ context.Context, au *shouwang.AccessUnit) error {
	p.seen = append(p.seen, au)
	return nil
}
func (p *painting) Finish()                          { close(p.out) }
func (p *painting) Out() <-chan *shouwang.AccessUnit { return p.out }
func (p *painting) Err() error                       { return errDry }
func (p *painting) Close()                           {}

// TestWhoSignsSeesTheReferenceFromItsBegin: a renderer that knows nothing of the
// scene hides it all for a quarter of a minute. It is shown the reference first,
// the last picture first, even where the camera's clock is not exact.
func TestWhoSignsSeesTheReferenceFromItsBegin(t *testing.T) {
	at := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
	var reference []*shouwang.AccessUnit
	for i := range 11 {
		off := 2*time.Second*time.Duration(i) - time.Duration(i%2)*20*time.Millisecond
		reference = append(reference, &shouwang.AccessUnit{
			Camera: "hall", Key: true, Data: []byte{byte(i)}, PTS: shouwang.MediaTimeOf(off), DTS: shouwang.MediaTimeOf(off), Wall: shouwang.WallStamp{At: at.Add(off)},
		})
	}
	p := &painter{}
	r := &room{deps: Deps{Renderer: p}}
	if _, err := r.render(t.Context(), watch.Options{BlurPeople: true, Watermark: "officer:pu"}, reference); !errors.Is(err, errDry) {
		t.Fatalf("a rendering that failed: %v", err)
	}
	if !p.asked.Taught || p.asked.Camera != "hall" || p.asked.Watermark != "officer:pu" || !p.asked.BlurPeople {
		t.Errorf("asked for %+v", p.asked)
	}
	if len(p.seen) != 22 || p.seen[0].Data[0] != 10 || p.seen[0].PTS >= reference[0].PTS || p.seen[11] != reference[0] || p.seen[21] != reference[10] {
		t.Errorf("%d pictures, the first is %d at %d", len(p.seen), p.seen[0].Data[0], p.seen[0].PTS)
	}
	if _, err := (&room{}).render(t.Context(), watch.Options{BlurPeople: true}, reference); shouwang.CodeOf(err) != shouwang.CodeDenied {
		t.Errorf("shown by nobody who could veil it: %v", err)
	}
}
