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
