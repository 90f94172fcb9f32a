package worker

import (
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/view"
	"shouwang/analyze/wire"
)

// camera is one camera under analysis.
type camera struct {
	chain
	det   Detector
	scene Scene              // nil unless a renderer may need it
	shown shouwang.MediaTime // when scene looked last
	// Time as the detector counts it: a new session of the camera starts its
	// media time anew, and the background must not be forgotten for that.
	epoch    uint32
	begun    bool
	base     shouwang.MediaTime
	last     shouwang.MediaTime // of the newest unit
	lastWall int64
	seen     shouwang.MediaTime // of the newest picture shown to det
	anySeen  bool
	chained  shouwang.MediaTime // of the newest picture shown by the camera's own decoder
	asks     []wire.Ask         // things to be cut out of the next picture
	masker   Masker             // nil unless masks are asked for
	cells    []uint8            // its
	grids    bool               // a grid of the picture is wanted now and then
	gridded  shouwang.MediaTime // when the last one was made
	anyGrid  bool
	obs      wire.Obs
	regions  []wire.Region
}

// clock returns the unit's time on the detector's clock.
func (c *camera) clock(u *wire.Unit) shouwang.MediaTime {
	if !c.begun || u.Epoch != c.epoch {
		gap := shouwang.MediaTime(shouwang.MediaRate)
		if d := (u.Wall - c.lastWall) * shouwang.MediaRate / 1_000_000; d > 0 && d < 1<<40 {
			gap = shouwang.MediaTime(d)
		}
		if c.begun {
			c.base = c.last + gap - shouwang.MediaTime(u.PTS)
		}
		c.begun, c.epoch = true, u.Epoch
		c.release() // what the old session left in the decoder is of no use
	}
	pts := shouwang.MediaTime(u.PTS) + c.base
	c.last, c.lastWall = max(c.last, pts), u.Wall
	return pts
}

// unit decodes one unit as its flags say and reports each picture.
func (w *loop) unit(c *camera, u *wire.Unit) {
	pts := c.clock(u)
	c.remember(u, pts)
	var p *decode.Picture
	var cost decode.Cost
	var err error
	key := u.Flags&wire.FlagKey != 0
	chained := u.Flags&wire.FlagChain != 0
	switch {
	case c.refused || !chained && !key:
	case chained:
		if key && c.dec == nil && pts < c.seen {
			// A catch-up begins at a key frame that was shown; what follows it
			// was not, unless by this decoder's forerunner.
			c.seen = max(c.chained, pts)
		}
		p, cost, err = c.decode(u, w.cfg.Limits)
	default:
		c.release()
		p, cost, err = w.shared(c, u)
	}
	if err != nil {
		cost.Errors++
		w.log("error", err.Error())
	}
	w.observe(c, u, p, cost, chained)
}

// observe shows the pictures that came out to the detector and reports them;
// the last report acknowledges the unit.
func (w *loop) observe(c *camera, u *wire.Unit, p *decode.Picture, cost decode.Cost, chained bool) {
	o := &c.obs
	*o = wire.Obs{Handle: c.handle, Seq: u.Seq, DecodeMicros: micros(cost.CPU)}
	if cost.Errors > 0 {
		o.Flags |= wire.FlagDamaged
		w.stats.Damaged++
	}
	for p != nil {
		c.see(p)
		w.mask(c)
		w.reduce(c, p)
		if chained {
			c.chained = max(c.chained, c.seen)
		}
		w.cut(c, p)
		if chained {
			p = c.dec.Next()
		} else {
			p = nil
		}
		if p != nil {
			w.out = wire.AppendObs(w.out, o)
			*o = wire.Obs{Handle: c.handle, Seq: u.Seq}
		}
	}
	if o.Seq != u.Seq { // the picture of an earlier unit, held back for reordering
		w.out = wire.AppendObs(w.out, o)
		*o = wire.Obs{Handle: c.handle, Seq: u.Seq}
	}
	o.Flags |= wire.FlagAck
	w.out = wire.AppendObs(w.out, o)
	w.records++
}

// see fills c.obs from one picture. A picture that was seen already (a catch-up
// starts at a key frame that was looked at before) is not shown twice.
func (c *camera) see(p *decode.Picture) {
	o := &c.obs
	i, known := c.info(p.Tag)
	if !known {
		return
	}
	o.Seq = i.seq
	if i.key {
		o.Flags |= wire.FlagKey
	}
	if p.Damaged {
		o.Flags |= wire.FlagDamaged
	}
	if c.anySeen && i.pts <= c.seen {
		return
	}
	c.seen, c.anySeen = i.pts, true
	began := cpuTime()
	r := c.det.Observe(p.Y, p.StrideY, p.Width, p.Height, i.pts, i.key)
	if c.scene != nil && i.pts-c.shown >= sceneEvery {
		c.shown = i.pts
		c.scene.Watch(p, i.pts, r.Regions)
	}
	o.PixelMicros = micros(cpuTime() - began)
	o.Flags |= wire.FlagDecoded
	o.Light = uint8(r.Light)
	o.Mean, o.Dev, o.Changed, o.Sharp = clamp(r.Mean, 255), clamp(r.Dev, 255), clamp(r.Changed, 1), clamp(r.Sharp, 255)
	o.Like = clamp(r.Like, 1)
	c.regions = c.regions[:0]
	for k := range r.Regions {
		g := &r.Regions[k]
		if k == wire.MaxRegions {
			break
		}
		gone := float32(0)
		if g.Gone {
			gone = 1
		}
		c.regions = append(c.regions, wire.Region{
			Gone: gone, X: unit(g.Box[0]), Y: unit(g.Box[1]), W: unit(g.Box[2]), H: unit(g.Box[3]),
			Fill: unit(g.Fill), Score: unit(g.Score), Moving: unit(g.Moving),
			Bright: unit(g.Bright), Grain: clamp(float32(g.Grain), analyze.MaxGrain), Rim: clamp(float32(g.Rim), analyze.MaxGrain),
		})
	}
	o.Regions = c.regions
}

// mask puts aside which cells of the newest picture belong to regions.
func (w *loop) mask(c *camera) {
	if c.masker == nil || c.obs.Flags&wire.FlagDecoded == 0 {
		return
	}
	var cols int
	if c.cells, cols = c.masker.Mask(c.cells[:0]); cols > 0 {
		m := analyze.MaskOf(c.cells, cols)
		w.masks = wire.AppendMask(w.masks, &wire.Mask{Handle: c.handle, Seq: c.obs.Seq, Cols: m.Cols, Rows: m.Rows, Runs: m.Runs})
	}
}

// gridEvery is the least media time between two grids.
const gridEvery = shouwang.MediaTime(5 * shouwang.MediaRate)

// reduce puts a grid of the picture aside, to be sent when the observations
// that are being gathered have gone.
func (w *loop) reduce(c *camera, p *decode.Picture) {
	if !c.grids || p.Damaged || c.anyGrid && c.seen-c.gridded < gridEvery && c.seen >= c.gridded {
		return
	}
	if g, ok := view.Of(p.Y, p.StrideY, p.Width, p.Height); ok {
		c.gridded, c.anyGrid = c.seen, true
		w.views = wire.AppendView(w.views, &wire.View{Handle: c.handle, Seq: c.obs.Seq, Cells: g[:]})
	}
}

func unit(v float64) float32 { return clamp(float32(v), 1) }

// clamp keeps v within 0..top; what is no number becomes 0.
func clamp(v, top float32) float32 {
	if !(v > 0) {
		return 0
	}
	return min(v, top)
}

func micros(d time.Duration) uint32 { return uint32(max(0, min(d.Microseconds(), 1<<31))) }
