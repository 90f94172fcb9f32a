package composite

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"shouwang/analyze/eval"
)

// TestTruthIsWhatIsPainted: in the middle of each visit the picture differs
// from the empty scene within the box that the truth gives, and nowhere else.
func TestTruthIsWhatIsPainted(t *testing.T) {
	films := Films(nil)
	if len(films) != len(plans) {
		t.Fatalf("%d films, want %d", len(films), len(plans))
	}
	for _, f := range films {
		c := f.Truth("")
		if len(c.Events) < 6 || len(c.Quiet) != len(c.Events)+1 {
			t.Errorf("%s: %d events, %d quiet stretches", f.Name, len(c.Events), len(c.Quiet))
		}
		if f.Name != "road by day" {
			continue // the others have weather
		}
		f.Noise = 0
		p := f.painter()
		for _, e := range c.Events {
			b := e.Boxes[len(e.Boxes)/2]
			p.picture(int(b.At * FPS / time.Second))
			in, out := 0, 0
			for i, v := range p.y {
				if apart(v, f.Back.Y[i]) < 8 {
					continue
				}
				if x, y := float64(i%Width)/Width, float64(i/Width)/Height; x >= b.Box[0]-.004 && x <= b.Box[0]+b.Box[2]+.004 && y >= b.Box[1]-.01 && y <= b.Box[1]+b.Box[3]+.01 {
					in++
				} else {
					out++
				}
			}
			if area := b.Box.Area() * Width * Height; float64(in) < 0.15*area || out > 0 {
				t.Errorf("%d px at %v: %d pixels of %.0f differ in its box, %d elsewhere", e.Tall, b.At, in, area, out)
			}
		}
	}
}

func TestSameSeedSameFilm(t *testing.T) {
	a, b := Films(nil)[4], Films(nil)[4]
	p, q := a.painter(), b.painter()
	for n := range 3 {
		p.picture(n * 50)
		q.picture(n * 50)
		if string(p.y) != string(q.y) {
			t.Fatalf("picture %d differs", n*50)
		}
	}
}

// TestCut takes apart a clip in which a white box crosses a grey scene.
func TestCut(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("ffmpeg is missing, and this is CI")
		}
		t.Skip("ffmpeg is not installed: no clip can be made")
	}
	path := filepath.Join(t.TempDir(), "bgslibrary_made.mp4")
	graph := "color=0x505050:s=320x180:r=10:d=6[b];color=white:s=30x50:r=10:d=6[f];[b][f]overlay=x='if(lt(t,2),-40,20+60*(t-2))':y=80"
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c := eval.Clip{
		Name: "bgslibrary_made.mp4", Path: path, FPS: 10,
		Events: []eval.Interval{{From: 2 * time.Second, To: 6 * time.Second, Class: "car"}}, Quiet: []eval.Interval{{To: 2 * time.Second}},
	}
	dir := t.TempDir()
	for range 2 { // cut, then read from where it is kept
		stocks, err := Stocks(context.Background(), dir, []eval.Clip{c}, func(string) {})
		if err != nil || len(stocks) != 1 || len(stocks[0].Movers) != 1 {
			t.Fatalf("%v, %v", stocks, err)
		}
		m := stocks[0].Movers[0]
		s := m.frames[len(m.frames)/2]
		if m.Kind != "car" || !m.Real || s.w < 28 || s.w > 36 || s.h < 48 || s.h > 56 {
			t.Errorf("%s of %dx%d was cut, want the box of 30x50", m.Kind, s.w, s.h)
		}
		if y := s.y[s.h/2*s.w+s.w/2]; y < 220 || s.a[s.h/2*s.w+s.w/2] != 255 {
			t.Errorf("its middle has luma %d", y)
		}
		if y := stocks[0].Back.Y[Width*Height/2]; y < 75 || y > 95 {
			t.Errorf("the background has luma %d", y)
		}
	}
}
