package eval_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/event"
	"shouwang/analyze/scene"
)

// encode makes the stream that a camera would send: H.264, a constant bit rate
// where rate is not "", key frames gop seconds apart.
func encode(t testing.TB, path, size, fps, rate, gop string, more ...string) string {
	t.Helper()
	dir := os.Getenv("SHOUWANG_CELLS")
	if dir == "" {
		dir = t.TempDir()
	}
	name := fmt.Sprintf("%s.%s.%s.%s.%s", filepath.Base(path), size, fps, rate, gop)
	for _, m := range more {
		name += "." + filepath.Base(m)
	}
	out := filepath.Join(dir, name+".mp4")
	if _, err := os.Stat(out); err == nil {
		return out
	}
	args := []string{"-v", "error", "-y", "-i", path, "-an", "-vf", "scale=" + size + ",fps=" + fps, "-c:v", "libx264",
		"-preset", "veryfast", "-threads", "1", "-bf", "0", "-sc_threshold", "0", "-force_key_frames", "expr:gte(t,n_forced*" + gop + ")", "-g", "9999"}
	if rate != "" {
		args = append(args, "-b:v", rate, "-maxrate", rate, "-minrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr")
	}
	args = append(append(args, more...), out)
	if b, err := exec.Command("ffmpeg", args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v %s", err, b)
	}
	return out
}

// replay runs a film through cascade, model and eventer as the service joins
// them, with the reports arriving after the unit that caused them.
type replay struct {
	film    *film
	model   *scene.Model
	eventer *event.Eventer
	control *cascade.Controller
	seen    int
	reports []analyze.Observation
	found   []eval.Found
	first   map[shouwang.EventID]shouwang.MediaTime // when it was known
	now     shouwang.MediaTime
}

func (r *replay) Push(au *shouwang.AccessUnit, _ analyze.Mode) error {
	i := int(au.Seq)
	if i < r.seen {
		return nil
	}
	r.seen = i + 1
	p := r.film.pictures[i]
	s := r.model.ObserveCells(p.from, r.film.cols, r.film.rows, p.pts, p.key)
	o := analyze.Observation{PTS: p.pts, Seq: au.Seq, Key: p.key, Decoded: true, Regions: append([]analyze.Region(nil), s.Regions...),
		Light: s.Light, Mean: s.Mean, Dev: s.Dev, Changed: s.Changed, Sharp: s.Sharp, Wall: shouwang.WallStamp{At: epoch.Add(p.pts.Duration())}}
	r.reports = append(r.reports, o)
	return nil
}

func (r *replay) take(evs []shouwang.Event) {
	for _, ev := range evs {
		if ev.Phase == shouwang.PhaseBegin {
			r.first[ev.ID] = r.now
		}
		if ev.Phase == shouwang.PhaseEnd {
			r.found = append(r.found, eval.Found{From: ev.Start.Sub(epoch), To: ev.End.Sub(epoch), Score: ev.Score, Kind: string(ev.Kind)})
		}
	}
}

func (r *replay) run(policy cascade.Policy) {
	r.model, r.eventer = scene.New(scene.Config{}), event.New("clip", event.Config{})
	r.control = cascade.New(cascade.Config{Policy: policy}, r)
	r.first = map[shouwang.EventID]shouwang.MediaTime{}
	r.eventer.SetGlimpse(policy == cascade.Presence)
	for i := range r.film.pictures {
		p := &r.film.pictures[i]
		r.now = p.pts
		_ = r.control.Unit(&shouwang.AccessUnit{Seq: uint64(i), PTS: p.pts, Key: p.key, Data: make([]byte, p.size)})
		for j := range r.reports {
			o := &r.reports[j]
			r.take(r.eventer.Observe(o))
			if os.Getenv("ALIVE") != "" && i%25 == 0 {
				for _, t := range r.eventer.Tracks() {
					fmt.Printf("  %.1f track %d %v first %.2f travel %.3f area %.4f score %.2f moving %.2f fill %.2f box %.2f alive %.2f\n", p.pts.Duration().Seconds(), t.ID, t.Confirmed, t.First.Duration().Seconds(), t.Travel, t.Area, t.Score, t.Moving, t.Fill, t.Box, t.AliveUntil.Duration().Seconds())
				}
			}
			r.control.Seen(o, r.eventer.Live(), r.eventer.Stirring())
		}
		r.reports = r.reports[:0]
	}
	r.take(r.eventer.Close())
}

func TestDevCascade(t *testing.T) {
	want := os.Getenv("DEVC")
	if want == "" {
		t.Skip()
	}
	clips, err := eval.Load("../../../shared/videos")
	if err != nil {
		t.Fatal(err)
	}
	totals := map[cascade.Policy][]eval.Score{}
	for _, c := range clips {
		if !regexp.MustCompile(want).MatchString(c.Name) {
			continue
		}
		film := decode(t, encode(t, c.Path, "640:360", "10", "512k", "2"))
		fmt.Println(c.Name, len(film.pictures))
		for _, p := range []cascade.Policy{cascade.Full, cascade.Track, cascade.Presence} {
			r := &replay{film: film}
			r.run(p)
			s := eval.Compare(c, r.found)
			totals[p] = append(totals[p], s)
			st := r.control.Status()
			fmt.Printf("   %-9s hit %d/%d found %d false %d  units %d chained %d keys %d woken %d size %d useless %d\n", p, s.Hit, s.Labels, s.Found, len(s.False),
				st.Units, st.Chained, st.Keys, st.Woken, st.WokenBySize, st.Useless)
			for _, f := range r.found {
				fmt.Printf("        %.1f-%.1f %.2f\n", f.From.Seconds(), f.To.Seconds(), f.Score)
			}
		}
	}
	for _, p := range []cascade.Policy{cascade.Full, cascade.Track, cascade.Presence} {
		fmt.Println(p)
		eval.Print(os.Stdout, totals[p])
	}
}
