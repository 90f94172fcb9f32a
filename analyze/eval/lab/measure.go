package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/eval/composite"
	"shouwang/analyze/event"
	"shouwang/analyze/scene"
)

// Ours, as tables name them.
const (
	Full     = "ours, every picture"
	Auto     = "ours, the cascade"
	Presence = "ours, key frames alone (overload)"
)

// Engines are all that are compared, in the order of the tables.
var Engines = []string{Full, Auto, Presence, MOG2, Frigate, Kerberos}

// Source is a film that can be encoded and of which the truth is known.
type Source interface {
	Title() string
	Encode(ctx context.Context, dir string, list []composite.Encoding) ([]string, error)
	Truth(path string) eval.Clip
}

// Options say what is measured.
type Options struct {
	Cache     string // folder for what is cut and encoded
	Kept      string // folder for decoded pictures, if they are to be kept; without baselines
	Films     []Source
	Encodings []composite.Encoding
	Workers   int
	Baselines bool
	Scene     scene.Config
	Event     event.Config
	Say       func(string) // told what takes time
}

// Event is one visit in one encoding, and which engine found it.
type Event struct {
	Film, Encoding string
	GOP            time.Duration
	Truth          eval.Interval
	Found          map[string]bool
	Told           map[string]time.Duration // from its first picture
	// Cause says why ours missed it; see causes.
	Cause string
}

// Lasts is how long it was seen.
func (e *Event) Lasts() time.Duration { return e.Truth.To - e.Truth.From }

// Counted reports whether the goals are about it: 32 pixels high, and at least
// as long as a second and the distance of key frames.
func (e *Event) Counted() bool {
	return e.Truth.Tall >= 32 && e.Lasts() >= max(time.Second, e.GOP)
}

// Run is one film in one encoding.
type Run struct {
	Film, Encoding string
	Events         []Event
	Quiet          time.Duration
	False          map[string][]eval.Found
	// Units were in the film, Decoded of them by the cascade.
	Units, Decoded uint64
	Policy         cascade.Policy
}

// Measure looks at every film in every encoding with every engine.
func Measure(ctx context.Context, o Options) ([]Run, error) {
	type job struct {
		film Source
		e    composite.Encoding
		path string
		at   int
	}
	jobs := make(chan job)
	out := make([]Run, len(o.Films)*len(o.Encodings))
	var wg sync.WaitGroup
	var mu sync.Mutex
	var first error
	for range max(1, o.Workers) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				r, err := o.run(j.film, j.e, j.path)
				mu.Lock()
				if err != nil && first == nil {
					first = fmt.Errorf("measure %s in %s: %w", j.film.Title(), j.e.Name, err)
				}
				out[j.at] = r
				mu.Unlock()
			}
		}()
	}
	at := 0
	for _, f := range o.Films {
		o.Say("encoding and looking: " + f.Title())
		paths, err := f.Encode(ctx, o.Cache, o.Encodings)
		if err != nil {
			first = err
			break
		}
		for k, e := range o.Encodings {
			jobs <- job{f, e, paths[k], at}
			at++
		}
		if ctx.Err() != nil {
			first = ctx.Err()
			break
		}
	}
	close(jobs)
	wg.Wait()
	return out, first
}

// film decodes a film, or reads what was kept of it.
func (o *Options) film(path string, e composite.Encoding) (*Film, error) {
	if o.Kept == "" || o.Baselines {
		return Read(path, e.Codec, composite.FPS, o.Baselines)
	}
	kept := filepath.Join(o.Kept, filepath.Base(path)+".cells")
	film, err := Kept(kept)
	if !errors.Is(err, fs.ErrNotExist) {
		return film, err
	}
	if film, err = Read(path, e.Codec, composite.FPS, false); err != nil {
		return nil, err
	}
	return film, film.Keep(kept)
}

// run measures one film in one encoding.
func (o *Options) run(f Source, e composite.Encoding, path string) (Run, error) {
	film, err := o.film(path, e)
	if err != nil {
		return Run{}, err
	}
	truth := f.Truth(path)
	r := Run{Film: f.Title(), Encoding: e.Name, False: map[string][]eval.Found{}}
	found := map[string][]eval.Found{}
	regions := map[string][]eval.Placed{}
	for name, policy := range map[string]cascade.Policy{Full: cascade.Full, Auto: cascade.Auto, Presence: cascade.Presence} {
		p := Replay{Film: film, Policy: policy, Scene: o.Scene, Event: o.Event}
		p.Run()
		found[name], regions[name] = p.Found, p.Regions
		if name == Auto {
			r.Units, r.Decoded, r.Policy = p.Status.Units, p.Status.Chained+p.Status.Keys, p.Status.Policy
		}
	}
	if o.Baselines {
		p := Replay{Event: o.Event}
		p.Follow(film.Seen[MOG2])
		found[MOG2] = p.Found
		found[Frigate] = runs(film.Seen[Frigate], 2*time.Second)
		found[Kerberos] = runs(film.Seen[Kerberos], 3*e.GOP)
	}
	for name, list := range found {
		s := eval.Compare(truth, list)
		r.False[name], r.Quiet = s.False, s.Quiet
	}
	for _, l := range truth.Events {
		r.Events = append(r.Events, judge(l, truth.Tolerance, f, e, film, found, regions))
	}
	return r, nil
}

func judge(l eval.Interval, tolerance time.Duration, f Source, e composite.Encoding, film *Film, found map[string][]eval.Found, regions map[string][]eval.Placed) Event {
	ev := Event{Film: f.Title(), Encoding: e.Name, GOP: e.GOP, Truth: l, Found: map[string]bool{}, Told: map[string]time.Duration{}}
	for name, list := range found {
		for i := range list {
			if !l.Meets(&list[i], tolerance) {
				continue
			}
			if d := list[i].Told - l.From; !ev.Found[name] || d < ev.Told[name] {
				ev.Told[name] = d
			}
			ev.Found[name] = true
		}
	}
	switch {
	case ev.Found[Auto]:
	case !ev.Found[Full]:
		ev.Cause = "not distinct: no region at its place"
		if n := l.Seen(regions[Full]); n > 0 {
			ev.Cause = fmt.Sprintf("doubted: a region in %d of %d pictures, no event of it", n, len(l.Boxes))
		}
	default:
		ev.Cause = "between key frames: none of them falls into it"
		if keys := film.keys(l); keys > 0 {
			ev.Cause = fmt.Sprintf("not woken: %d key frames fall into it, a region at its place in %d pictures", keys, l.Seen(regions[Auto]))
		}
	}
	return ev
}

// keys is how many key frames fall into an event.
func (f *Film) keys(l eval.Interval) (n int) {
	for i := range f.Pictures {
		if t := f.Pictures[i].PTS.Duration(); f.Pictures[i].Key && t >= l.From && t < l.To {
			n++
		}
	}
	return n
}
