package lab

import (
	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
	"shouwang/analyze/eval"
	"shouwang/analyze/event"
	"shouwang/analyze/scene"
)

// Replay runs a film through cascade, model and eventer as the service joins
// them: a report arrives after the unit that caused it, and what is told is
// told when that unit came.
type Replay struct {
	Film   *Film
	Scene  scene.Config
	Event  event.Config
	Policy cascade.Policy

	// Found are the events; Regions is where any region was, picture by
	// picture.
	Found   []eval.Found
	Regions []eval.Placed
	Status  cascade.Status

	model   *scene.Model
	eventer *event.Eventer
	control *cascade.Controller
	seen    int // pictures up to here were shown
	chained int // of them, those up to here with every one before
	chain   bool
	reports []analyze.Observation
	told    map[shouwang.EventID]shouwang.MediaTime
	placed  []eval.Placed
	now     shouwang.MediaTime
}

// Push is the decoder that the cascade hands units to.
func (r *Replay) Push(au *shouwang.AccessUnit, mode analyze.Mode) error {
	i := int(au.Seq)
	if mode == analyze.ModeChain && !r.chain && i < r.seen {
		r.seen = max(r.chained, i+1) // a catch-up begins with a key frame that was shown
	}
	r.chain = mode == analyze.ModeChain
	if i < r.seen {
		return nil
	}
	r.seen = i + 1
	if r.chain {
		r.chained = i + 1
	}
	p := &r.Film.Pictures[i]
	s := r.model.ObserveCells(p.Cells, r.Film.Cols, r.Film.Rows, p.PTS, p.Key)
	r.reports = append(r.reports, analyze.Observation{
		PTS: p.PTS, Seq: au.Seq, Key: p.Key, Decoded: true, Regions: append([]analyze.Region(nil), s.Regions...), Wall: wall(p.PTS),
		Light: s.Light, Mean: s.Mean, Dev: s.Dev, Changed: s.Changed, Sharp: s.Sharp, Like: s.Like,
	})
	return nil
}

// Run looks at the whole film.
func (r *Replay) Run() {
	r.model, r.eventer = scene.New(r.Scene), event.New("film", r.Event)
	r.control = cascade.New(cascade.Config{Policy: r.Policy}, r)
	r.told = map[shouwang.EventID]shouwang.MediaTime{}
	r.seen, r.chained, r.chain = 0, 0, false
	r.eventer.SetGlimpse(r.Policy == cascade.Presence)
	for i := range r.Film.Pictures {
		p := &r.Film.Pictures[i]
		r.now = p.PTS
		_ = r.control.Unit(&shouwang.AccessUnit{Seq: uint64(i), PTS: p.PTS, Key: p.Key, Data: make([]byte, p.Size)})
		for j := range r.reports {
			o := &r.reports[j]
			r.observe(o)
			r.control.Seen(o, cascade.Sight{Live: r.eventer.Live(), Promising: r.eventer.Promising(), Stirring: r.eventer.Stirring(), Doubt: r.eventer.Doubts(), Been: r.eventer.Been})
		}
		r.reports = r.reports[:0]
	}
	r.finish()
	r.Status = r.control.Status()
}

// Follow makes events of observations made elsewhere, with our eventer.
func (r *Replay) Follow(seen []analyze.Observation) {
	r.eventer = event.New("film", r.Event)
	r.told = map[shouwang.EventID]shouwang.MediaTime{}
	for i := range seen {
		r.now = seen[i].PTS
		r.observe(&seen[i])
	}
	r.finish()
}

func (r *Replay) observe(o *analyze.Observation) {
	for i := range o.Regions {
		r.Regions = append(r.Regions, eval.Placed{At: o.PTS.Duration(), Box: o.Regions[i].Box})
	}
	r.take(r.eventer.Observe(o))
	for _, t := range r.eventer.Tracks() {
		if t.Confirmed && t.Last == o.PTS {
			r.placed = append(r.placed, eval.Placed{At: o.PTS.Duration(), Box: t.Box})
		}
	}
}

func (r *Replay) take(list []shouwang.Event) {
	for _, e := range list {
		if e.Phase == shouwang.PhaseBegin {
			r.told[e.ID] = r.now
		}
		if e.Phase == shouwang.PhaseEnd {
			f := eval.Found{From: e.Start.Sub(epoch), To: e.End.Sub(epoch), Told: r.told[e.ID].Duration(), Score: e.Score, Kind: string(e.Kind), Things: e.Things}
			for _, p := range e.Track {
				f.Boxes = append(f.Boxes, eval.Placed{At: p.At.Sub(epoch), Box: p.Box})
			}
			r.Found = append(r.Found, f)
		}
	}
}

// finish ends what lives and gives each event the places of all that was
// followed while it lived.
func (r *Replay) finish() {
	r.take(r.eventer.Close())
	for i := range r.Found {
		f := &r.Found[i]
		for _, p := range r.placed {
			if p.At >= f.From && p.At <= f.To {
				f.Boxes = append(f.Boxes, p)
			}
		}
	}
}
