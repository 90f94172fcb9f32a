package service

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/view"
	"shouwang/policy"
)

// seeing puts a reference of shop-1 on record, as Take would, of a drawn scene.
func (o *office) seeing(grid view.Grid) policy.View {
	o.t.Helper()
	ctx := context.Background()
	frames := []*shouwang.AccessUnit{{Camera: "shop-1", Key: true, Data: []byte{0, 0, 0, 1, 0x65}, Params: &shouwang.Params{Codec: shouwang.CodecH264}}}
	raw, err := json.Marshal(frames)
	if err != nil {
		o.t.Fatal(err)
	}
	v, err := o.s.node.registry.TakeView(ctx, "shop-1", raw, grid[:], func(old policy.View) (policy.View, error) {
		return old.Take("sha256:abc", "officer:shop", o.clock()), nil
	})
	if err != nil || o.s.node.refresh(ctx) != nil || o.s.views.load(ctx) != nil {
		o.t.Fatal(err)
	}
	return v
}

// drawn is a picture of boxes that stand where the seed says.
func drawn(seed uint64) (g view.Grid) {
	rng := rand.New(rand.NewPCG(seed, 3))
	for i := range g {
		g[i] = 120
	}
	for range 30 {
		left, top, w, h, v := rng.IntN(view.Cols), rng.IntN(view.Rows), 3+rng.IntN(14), 3+rng.IntN(9), uint8(30+rng.IntN(200))
		for y := top; y < min(view.Rows, top+h); y++ {
			for x := left; x < min(view.Cols, left+w); x++ {
				g[y*view.Cols+x] = v
			}
		}
	}
	return g
}

func (o *office) sign(by string) (policy.View, error) {
	ctx := context.Background()
	v, err := o.s.views.Change(ctx, "shop-1", func(old policy.View) (policy.View, error) {
		return old.Approve(o.s.node.gate.World(), "sha256:abc", by, o.clock())
	})
	if err == nil && v.Open() {
		err = o.s.views.Approved(ctx, v)
	}
	return v, err
}

// TestAViewTakesTwoPeopleAndDriftClosesIt follows a view from its reference
// over two signatures and a camera that was turned to its second approval.
func TestAViewTakesTwoPeopleAndDriftClosesIt(t *testing.T) {
	o := newOffice(t)
	camera := func() *policy.Camera {
		c, _ := o.s.node.gate.World().Camera("camera:shop-1")
		return c
	}
	o.seeing(drawn(1))
	if !camera().Quarantined {
		t.Fatal("a view that nobody approved is in use")
	}
	if _, err := o.sign("officer:shop"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.sign("officer:shop"); shouwang.CodeOf(err) != shouwang.CodeConflict || !camera().Quarantined {
		t.Fatalf("one person signed twice: %v", err)
	}
	if _, err := o.sign("officer:grid"); err != nil || camera().Quarantined {
		t.Fatalf("approved by two: %v, quarantined %v", err, camera().Quarantined)
	}
	c, _ := o.s.node.gate.World().Consent("camera:shop-1", "public_safety")
	if c.Version != 2 || c.Device.ViewReferenceHash != "sha256:abc" || len(c.Device.ViewApprovedBy) != 2 {
		t.Errorf("the record does not name the approval: %+v", c.Device)
	}
	frames, err := o.s.views.Reference(context.Background(), "shop-1")
	if err != nil || len(frames) != 1 || frames[0].Data[4] != 0x65 {
		t.Errorf("reference: %v %v", frames, err)
	}
	o.turn(camera)
}

// turn shows the camera the same scene, then another for long enough.
func (o *office) turn(camera func() *policy.Camera) {
	t, ctx := o.t, context.Background()
	t.Helper()
	show := func(g view.Grid, seconds int) {
		for range seconds / 5 {
			o.pass(5 * time.Second)
			o.s.views.see("shop-1", g)
		}
	}
	show(drawn(1), 120)
	if len(o.s.views.drifts) != 0 {
		t.Fatal("the same view is taken for another")
	}
	began := o.clock()
	show(drawn(4), 180)
	if len(o.s.views.drifts) == 0 {
		t.Fatal("a camera was turned and nobody noticed")
	}
	if err := o.s.views.quarantine(ctx, <-o.s.views.drifts); err != nil || !camera().Quarantined || len(camera().Drifted) != 1 {
		t.Fatalf("drifted: %v, %+v", err, camera())
	}
	if from := camera().Drifted[0].From; from.After(began.Add(30*time.Second)) || from.Before(began.Add(-time.Minute)) {
		t.Errorf("drifted since %s, turned at %s", from, began)
	}
	asked := policy.Request{
		Principal: "officer:chen", Action: policy.Search, Purpose: "public_safety", Resource: "camera:shop-1", At: o.clock(),
	}
	if d := o.s.node.gate.Decide(asked); d.Allowed() || d.Reasons[0] != policy.ReasonQuarantined {
		t.Errorf("a quarantined camera: %v", d.Reasons)
	}
	o.pass(time.Hour)
	o.seeing(drawn(4))
	for _, by := range []string{"officer:grid", "officer:shop"} {
		if _, err := o.sign(by); err != nil {
			t.Fatal(err)
		}
	}
	if camera().Quarantined || camera().Drifted[0].To.IsZero() {
		t.Errorf("approved again: %+v", camera())
	}
	between := &policy.Footage{ID: "f", Camera: "camera:shop-1", From: began.Add(time.Minute), To: began.Add(2 * time.Minute), KeyState: policy.KeyLive}
	asked.Footage, asked.Resource, asked.At = between, "f", o.clock()
	if d := o.s.node.gate.Decide(asked); d.Allowed() || d.Reasons[0] != policy.ReasonQuarantined {
		t.Errorf("what a turned camera saw: %v", d.Reasons)
	}
}
