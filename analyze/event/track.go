package event

import (
	"math"
	"time"

	"shouwang"
	"shouwang/analyze"
)

// Track is one thing followed from picture to picture. It says where, never
// who.
type Track struct {
	ID uint64
	// First and Last are the first and newest picture it was seen in, Start
	// and Seen their capture times; AliveUntil is when it was last seen as
	// something alive.
	First, Last, AliveUntil shouwang.MediaTime
	Start, Seen             time.Time
	Box                     shouwang.Box
	// Travel is the farthest its middle has been from where it began, Path
	// the length of its way, as fractions of the picture; Sizes is Travel in
	// the thing's own widths or heights, along the axis where that is more.
	Travel, Path, Sizes float64
	// Hits is the number of pictures it was seen in.
	Hits      int
	Confirmed bool
	// Score, Area, Fill and Moving are running means of its regions'.
	Score, Area, Fill, Moving float64
	// Bodiless is how much of it was no body in the mean: a glow, or edges
	// alone; 0..1.
	Bodiless float64
	// Bright is how much of it is brighter than the scenery in the mean, 0..1.
	Bright float64

	width, height float64 // running means
	big, most     float64 // largest area lately, and ever
	home, at      shouwang.Point
	vx, vy        float64 // per second
	anchor        shouwang.Point
	anchorAt      shouwang.MediaTime // since when it has stayed about anchor
	movedAt       shouwang.MediaTime // when much of it last moved
	aliveAt       time.Time          // capture time of AliveUntil
	looks, missed int                // pictures since First; those in a row without it
	points        []shouwang.TrackPoint
	shown         bool // points are an event's as well: they outlive the track
	lastPoint     shouwang.MediaTime
	peak          float64
	peakAt        time.Time
	peakBox       shouwang.Box
	fresh         sighting
	naming        naming
}

// sighting is what the present picture shows of a track.
type sighting struct {
	matched       bool
	box           shouwang.Box
	score, moving float64
	cells         float64 // share of the picture that really differs
	bodiless      float64 // of them, what is no body
	bright        float64 // and what is brighter
}

// predict is where the track would be at a time if it went on as it went.
func (t *Track) predict(pts shouwang.MediaTime) shouwang.Box {
	dt := min(1.0, (pts - t.Last).Duration().Seconds())
	b := t.Box
	b[0] += t.vx * dt
	b[1] += t.vy * dt
	return b
}

// affinity is how well a region continues a track, 0 not at all to 2.
func affinity(p, r shouwang.Box, dt float64) float64 {
	px, py := p.Center()
	rx, ry := r.Center()
	size := max(math.Sqrt(p.Area()), math.Sqrt(r.Area()), 0.02)
	d := math.Hypot(px-rx, py-ry) / size
	reach := 1 + min(1.5, dt)
	if d > reach {
		return inside(p, r)
	}
	return max(p.IoU(r)+(1-d/reach), inside(p, r))
}

// inside is the share of the smaller box that lies in the other, if most does.
func inside(a, b shouwang.Box) float64 {
	w := min(a[0]+a[2], b[0]+b[2]) - max(a[0], b[0])
	h := min(a[1]+a[3], b[1]+b[3]) - max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return max(0, w*h/min(a.Area(), b.Area())-0.3)
}

// take lets a region continue the track in the present picture.
func (t *Track) take(r *analyze.Region) {
	if !t.fresh.matched {
		t.fresh.matched, t.fresh.box, t.fresh.score, t.fresh.moving = true, r.Box, r.Score, r.Moving
		t.fresh.cells, t.fresh.bodiless, t.fresh.bright = 0, 0, 0
		t.fresh.add(r)
		return
	}
	t.fresh.add(r)
	t.fresh.box = t.fresh.box.Union(r.Box)
	t.fresh.score = max(t.fresh.score, r.Score)
	t.fresh.moving = max(t.fresh.moving, r.Moving)
}

func (s *sighting) add(r *analyze.Region) {
	cells := r.Fill * r.Box.Area()
	s.cells += cells
	s.bright += cells * r.Bright
	if r.Glows() || r.Scattered() {
		s.bodiless += cells
	}
}

// settle closes the present picture for the track.
func (t *Track) settle(o *analyze.Observation, cfg *Config) {
	t.looks++
	if !t.fresh.matched {
		t.missed++
		return
	}
	t.fresh.matched, t.missed = false, 0
	dt := (o.PTS - t.Last).Duration().Seconds()
	x, y := t.fresh.box.Center()
	step, grown := 0.0, false
	if t.Hits > 0 {
		step = math.Hypot(x-t.at[0], y-t.at[1])
		grown = !t.Confirmed && dt < 0.5 && another(t.Box, t.fresh.box)
	}
	jump := t.Hits > 0 && dt < 0.5 && t.Box.IoU(t.fresh.box) < 0.1 && step > 0.6*math.Sqrt(max(t.Area, t.fresh.box.Area()))
	if grown { // and begins from there
		t.home[0], t.home[1] = t.home[0]+x-t.at[0], t.home[1]+y-t.at[1]
		t.at, step = shouwang.Point{x, y}, 0
	}
	if dt > 0 && t.Hits > 0 {
		k := min(1, dt/0.3)
		t.vx += (max(-2, min(2, (x-t.at[0])/dt)) - t.vx) * k
		t.vy += (max(-2, min(2, (y-t.at[1])/dt)) - t.vy) * k
		t.Path += step
	}
	if t.Hits == 0 || !t.Confirmed && (jump || t.fresh.moving < 0.25) {
		t.restart(o, x, y)
	}
	t.at, t.Box, t.Last, t.Seen = shouwang.Point{x, y}, t.fresh.box, o.PTS, o.Wall.At
	t.Hits++
	t.Travel = max(t.Travel, math.Hypot(x-t.home[0], y-t.home[1]))
	k := max(1/float64(t.Hits), 0.1)
	t.width += (t.fresh.box[2] - t.width) * k
	t.height += (t.fresh.box[3] - t.height) * k
	t.Sizes = max(t.Sizes, math.Abs(x-t.home[0])/t.width, math.Abs(y-t.home[1])/t.height)
	t.Fill += (t.fresh.cells/t.fresh.box.Area() - t.Fill) * k
	t.Score += (t.fresh.score - t.Score) * k
	t.Area += (t.fresh.box.Area() - t.Area) * k
	t.Moving += (t.fresh.moving - t.Moving) * k
	cells := max(t.fresh.cells, 1e-9)
	t.Bodiless += (t.fresh.bodiless/cells - t.Bodiless) * k
	t.Bright += (t.fresh.bright/cells - t.Bright) * k
	t.live(o, dt, cfg)
	if worth := t.fresh.score * math.Sqrt(t.fresh.box.Area()); worth > t.peak {
		t.peak, t.peakAt, t.peakBox = worth, o.Wall.At, t.fresh.box
	}
	t.note(o)
}

// dark reports what no flake, drop or insect is: a body darker than the scenery
// in much of it, that stands out and goes straight; leaves do not.
func (t *Track) dark() bool {
	return t.Bright < 0.6 && t.Bodiless < 0.2 && t.Score > 0.5 && t.Travel >= 0.7*t.Path
}

// another reports whether a box is so much larger or smaller than the one
// before it that its middle moved because the outline did: a digit of a clock
// changes beside another, an insect passes before a lamp. Where one lies within
// the other less is enough, for what goes leaves where it was.
func another(a, b shouwang.Box) bool {
	small, large := a, b
	if a.Area() > b.Area() {
		small, large = b, a
	}
	if large.Area() > 4*small.Area() {
		return true
	}
	return large.Area() > 2.5*small.Area() && large.Union(small).Area() < 1.01*large.Area()
}

// restart lets the track begin here and now: what came before was something
// else, or nothing that moved.
func (t *Track) restart(o *analyze.Observation, x, y float64) {
	t.home = shouwang.Point{x, y}
	t.First, t.Start, t.Travel, t.Sizes, t.Path, t.Hits, t.looks = o.PTS, o.Wall.At, 0, 0, 0, 0, 1
	t.points, t.peak = t.points[:0], 0
}

// live keeps the time until which the track is something alive and not what it
// left behind: much smaller than it was and still, or still for too long.
func (t *Track) live(o *analyze.Observation, dt float64, cfg *Config) {
	area := t.fresh.box.Area()
	t.big = max(area, t.big*math.Exp(-dt/10))
	if t.fresh.moving >= 0.1 {
		t.movedAt = o.PTS
	}
	whole := area >= 0.25*t.big || t.fresh.moving >= 0.4
	t.most = max(t.most, t.Area)
	// What is small beside what came, and stays where it is, is a remnant: a
	// moved chair, a branch that the thing left swinging.
	if x, y := t.at[0], t.at[1]; math.Abs(x-t.anchor[0]) > 0.5*t.fresh.box[2] || math.Abs(y-t.anchor[1]) > 0.5*t.fresh.box[3] {
		t.anchor, t.anchorAt = t.at, o.PTS
	}
	stays := o.PTS - t.anchorAt
	if area < 0.03*t.most || area < 0.2*t.most && stays > 6*shouwang.MediaRate ||
		t.Area < 0.006 && t.Moving < 0.3 && stays > 8*shouwang.MediaRate {
		return
	}
	if whole && o.PTS-t.movedAt <= shouwang.MediaTimeOf(cfg.StandStill) {
		t.AliveUntil, t.aliveAt = o.PTS, o.Wall.At
	}
}

const (
	maxPoints  = 256
	pointEvery = shouwang.MediaRate / 4
)

// note keeps the way of the track, at most four points a second; when there
// are too many every second one goes.
func (t *Track) note(o *analyze.Observation) {
	if len(t.points) > 0 && o.PTS-t.lastPoint < pointEvery {
		return
	}
	if len(t.points) >= maxPoints {
		for i := range maxPoints / 2 {
			t.points[i] = t.points[2*i]
		}
		t.points = t.points[:maxPoints/2]
	}
	t.points = append(t.points, shouwang.TrackPoint{At: o.Wall.At, Box: t.fresh.box})
	t.lastPoint = o.PTS
}
