package policy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"shouwang"
)

// bigWorld has n cameras with five consents each, one per purpose.
func bigWorld(t testing.TB, n int) *World {
	t.Helper()
	data := readWorld(t, "testdata").Data()
	data.Purposes = []string{"public_safety", "emergency", "flood_watch", "fire_watch", "lost_person"}
	template := data.Cameras[slices.IndexFunc(data.Cameras, func(c *Camera) bool { return c.ID == "camera:door-4" })]
	for i := range n {
		cam := *template
		cam.ID, cam.Consents = fmt.Sprintf("camera:bulk-%d", i), nil
		for _, purpose := range data.Purposes {
			c := *template.Consents[0]
			c.ID, c.Camera, c.Purpose = fmt.Sprintf("c-%d-%s", i, purpose), cam.ID, purpose
			cam.Consents = append(cam.Consents, &c)
		}
		data.Cameras = append(data.Cameras, &cam)
	}
	w, err := NewWorld(data)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// allowedLook is a request that the own world allows, on a bulk camera.
func allowedLook(t testing.TB, camera string) Request {
	t.Helper()
	for _, r := range readRows(t, "testdata") {
		if r.Expect.Decision == "allow" && r.Request.Action == ViewLive && r.Request.Incident != "" {
			r.Request.Resource = camera
			return r.Request
		}
	}
	t.Fatal("no allowed look among the own scenarios")
	return Request{}
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("cameras=%d", n), func(b *testing.B) {
			g := newGate(b, bigWorld(b, n))
			req := allowedLook(b, "")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				req.Resource = fmt.Sprintf("camera:bulk-%d", i%n)
				if d := g.Decide(req); !d.Allowed() {
					b.Fatal(d.Reasons)
				}
			}
		})
	}
}

// BenchmarkCedar is a decision whose facts were never seen before.
func BenchmarkCedar(b *testing.B) {
	g := newGate(b, bigWorld(b, 10))
	req := allowedLook(b, "camera:bulk-1")
	st := g.now.Load()
	b.ReportAllocs()
	for b.Loop() {
		s, _ := newScene(st.world, &req, false)
		s.weigh()
		if v := st.rules.evaluate(s.facts.entities(), s.facts.context()); !v.allow {
			b.Fatal(v.reasons)
		}
	}
}

func BenchmarkAnalyze(b *testing.B) {
	w := bigWorld(b, 10_000)
	at := allowedLook(b, "").At
	g, err := NewGate(w, func() time.Time { return at }, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if gr := g.Analyze("bulk-17", at); !gr.Covers(Analyze, "bulk-17", at) {
			b.Fatal(gr.Decision().Reasons)
		}
	}
}

func BenchmarkSwapConsent(b *testing.B) {
	g := newGate(b, bigWorld(b, 10_000))
	told := 0
	g.OnChange(func(shouwang.CameraID) { told++ })
	for i := 0; b.Loop(); i++ {
		err := g.Update(func(w *World) (*World, error) {
			c, _ := w.Consent("camera:bulk-17", "public_safety")
			next := *c
			next.Version++
			return w.WithConsent(&next)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// TestADecisionIsFast holds the median decision to 50 µs with 10,000 cameras
// and 50,000 consents loaded, and a change of one consent to 100 ms.
func TestADecisionIsFast(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector slows everything down")
	}
	g := newGate(t, bigWorld(t, 10_000))
	req := allowedLook(t, "")
	took := make([]time.Duration, 2001)
	for i := range took {
		req.Resource = fmt.Sprintf("camera:bulk-%d", i*4)
		start := time.Now()
		d := g.Decide(req)
		if took[i] = time.Since(start); !d.Allowed() {
			t.Fatal(d.Reasons)
		}
	}
	slices.Sort(took)
	changed := make([]time.Duration, 5)
	for i := range changed {
		changed[i] = withdrawal(t, g, fmt.Sprintf("camera:bulk-%d", i), req)
	}
	slices.Sort(changed)
	t.Logf("median %v, p99 %v; a withdrawal reached the next decision in %v", took[1000], took[1980], changed[2])
	if took[1000] > 50*time.Microsecond || changed[2] > 100*time.Millisecond {
		t.Errorf("median %v, change %v", took[1000], changed[2])
	}
}

// withdrawal returns how long it took until the camera was denied.
func withdrawal(t *testing.T, g *Gate, camera string, req Request) time.Duration {
	t.Helper()
	start := time.Now()
	err := g.Update(func(w *World) (*World, error) {
		c, _ := w.Consent(camera, "public_safety")
		n, err := c.Withdraw(Change{At: req.At, By: "resident:mei"})
		if err != nil {
			return nil, err
		}
		return w.WithConsent(n)
	})
	req.Resource = camera
	if d := g.Decide(req); err != nil || d.Allowed() {
		t.Fatalf("withdrawn: %v, still allowed: %v", err, d.Allowed())
	}
	return time.Since(start)
}
