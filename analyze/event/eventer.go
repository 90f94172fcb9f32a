package event

import (
	"fmt"
	"math"
	"time"

	"shouwang"
	"shouwang/analyze"
)

// Eventer makes one camera's events. It is not safe for concurrent use.
type Eventer struct {
	camera  shouwang.CameraID
	cfg     Config
	tracker *Tracker

	glimpse  bool
	flickers flickers
	passage  passage
	doubt    bool // the newest picture showed what may be an event and may not
	live     bool
	event    shouwang.Event
	began    shouwang.MediaTime
	last     shouwang.MediaTime // something of the event was last seen
	lastAt   time.Time
	lastEnd  time.Time
	lastBox  shouwang.Box // of the main thing, when it was last seen whole
	told     shouwang.MediaTime
	ended    shouwang.MediaTime
	hasEnd   bool
	peak     float64
	lead     uint64 // the track that the event shows
	ways     []way
	epoch    uint32
	started  bool
	serial   uint64
	out      []shouwang.Event

	wants []Want
	found []seenThing // lately, to know scenery by
}

// New returns the Eventer of a camera.
func New(camera shouwang.CameraID, cfg Config) *Eventer {
	cfg = cfg.withDefaults()
	return &Eventer{camera: camera, cfg: cfg, tracker: NewTracker(cfg), found: make([]seenThing, 0, 32)}
}

// Tracks returns what is being followed now, for rules; it is overwritten by
// the next call of Observe.
func (e *Eventer) Tracks() []*Track { return e.tracker.Tracks }

// Clutter is the usual number of small regions that belong to nothing
// followed: leaves, rain, insects. Above four it asks more of what is faint.
func (e *Eventer) Clutter() float64 { return e.tracker.clutter }

// Live reports whether an event lives.
func (e *Eventer) Live() bool { return e.live }

// Stirring reports whether something is followed that may become an event.
func (e *Eventer) Stirring() bool { return len(e.tracker.Tracks) > 0 }

// Promising reports whether something that is no event yet goes its way: it
// moves, nearly straight, and is new. What only stirs in one place is not.
func (e *Eventer) Promising() bool {
	for _, t := range e.tracker.Tracks {
		if !t.Confirmed && t.missed == 0 && t.Hits >= 3 && t.Moving > 0.4 && t.Last-t.First < 6*shouwang.MediaRate &&
			t.Travel >= 0.4*e.cfg.Travel && t.Travel >= 0.5*t.Path {
			return true
		}
	}
	return false
}

// Been reports whether anything of the living event is or has been at a place.
func (e *Eventer) Been(b shouwang.Box) bool {
	for _, t := range e.tracker.Tracks {
		if !t.Confirmed {
			continue
		}
		if overlap(t.Box, b) {
			return true
		}
		for i := range t.points {
			if overlap(t.points[i].Box, b) {
				return true
			}
		}
	}
	return false
}

func overlap(a, b shouwang.Box) bool {
	return a[0] < b[0]+b[2] && b[0] < a[0]+a[2] && a[1] < b[1]+b[3] && b[1] < a[1]+a[3]
}

// SetGlimpse says whether what a single picture shows may begin an event where
// pictures are a second or more apart. It is for cameras of which only key
// frames are decoded; elsewhere a glimpse wakes the camera instead.
func (e *Eventer) SetGlimpse(on bool) { e.glimpse, e.tracker.sparse = on, on }

// Doubts reports whether the newest picture, seen by itself, showed something
// that only the pictures around it can tell from an insect or a leaf.
func (e *Eventer) Doubts() bool { return e.doubt }

// Observe takes one observation and returns the events that began, changed or
// ended with it. A picture that is not newer than the last is passed over,
// but while no event lives a step back begins a catch-up: what lies between two
// key frames is shown after the second. Another epoch, or a step back of more
// than ten seconds, ends what lived. The slice is overwritten by the next call.
func (e *Eventer) Observe(o *analyze.Observation) []shouwang.Event {
	e.out = e.out[:0]
	if !o.Decoded {
		return e.out // only counted; with reordered pictures its time means nothing
	}
	back := e.started && o.PTS <= e.tracker.last && e.tracker.seen > 0
	if e.started && (o.Epoch != e.epoch || back && e.tracker.last-o.PTS > 10*shouwang.MediaRate) {
		e.restart()
		back = false
	}
	if back {
		if e.live || e.tracker.last-o.PTS < catchUp {
			return e.out // seen before
		}
		e.tracker.rewind(o.PTS)
	}
	e.epoch, e.started, e.doubt = o.Epoch, true, false
	e.tracker.Observe(o)
	for _, t := range e.tracker.Tracks {
		if !t.Confirmed && e.enough(t) {
			t.Confirmed = true
		}
		if t.Confirmed {
			e.join(t, o)
			if t.Last == o.PTS {
				e.walk(t)
			}
		}
	}
	e.close(o.PTS)
	return e.out
}

// restart ends what lived and begins anew: the media time from here on has
// nothing to do with the one before, so nothing that was dated by it is kept.
func (e *Eventer) restart() {
	e.finish()
	e.tracker = NewTracker(e.cfg)
	e.tracker.sparse = e.glimpse
	e.hasEnd, e.ended, e.flickers = false, 0, flickers{}
}

// catchUp is the least step back that is one; reordered pictures make smaller
// ones.
const catchUp = shouwang.MediaRate / 4

// Close ends what still lives, as when the camera goes away.
func (e *Eventer) Close() []shouwang.Event {
	e.out = e.out[:0]
	e.finish()
	return e.out
}

// enough decides whether a track is an event.
func (e *Eventer) enough(t *Track) bool {
	if t.missed > 0 {
		return false
	}
	age := (t.Last - t.First).Duration().Seconds()
	size := max(0.01, math.Sqrt(t.Area))
	if e.tracker.interval > 0.8 {
		return e.alone(t)
	}
	hits := 3
	if e.tracker.interval > 0.3 {
		hits = 5 // leaves seen this rarely seem to travel
	}
	if t.Hits < hits || float64(t.Hits) < 0.7*float64(t.looks) || age < e.need(t, age, size) {
		return false
	}
	if t.Fill < 0.15 || e.tracker.clutter > 3 && (t.Bodiless > 0.3 || t.Fill < 0.32) {
		return false // among leaves, what is edges without a body, or much air, is leaves
	}
	cool := e.cool(t)
	more, sizes := max(1, e.tracker.clutter/4), 2*e.cfg.TravelSizes
	if t.dark() {
		more = math.Sqrt(more)
	}
	if t.Area > 0.015 {
		more, sizes = math.Sqrt(more), e.cfg.TravelSizes
	} else if cool {
		more *= 1.7 // shadows and moved things settle where someone left
		if x, y := t.Box.Center(); t.Area < 0.1*e.lastBox.Area() && within(e.lastBox, x, y) {
			more *= 2
		}
	}
	travel := e.cfg.Travel
	if e.plain(t) {
		travel *= 0.7
	}
	if t.Travel >= travel*more && t.Sizes >= sizes*more && t.Travel >= 0.3*t.Path {
		return true
	}
	return !cool && e.tracker.age() > 10 && age >= e.cfg.Sustain.Seconds()*more &&
		t.Area >= e.cfg.SustainArea && t.Score >= 0.3 && t.Moving > 0.3 && t.Bodiless < 0.5
}

// alone decides about a track by key frames alone; what is not sure is a doubt.
func (e *Eventer) alone(t *Track) bool {
	seen, strode := e.glimpse && e.glimpsed(t), e.strode(t)
	again := t.Hits == 1 && e.flickers.again(t.Box, t.Last) && t.Area < 60*e.cfg.GlimpseArea
	// Flakes and insects are many, or small, and brighter than the scenery.
	flies := t.Bright > 0.9 && (e.tracker.clutter >= 2 || t.Hits == 1 && t.Area < 6*e.cfg.GlimpseArea)
	if (seen && !again || strode && e.sure(t)) && t.Bodiless <= 0.3 && !flies {
		return true
	}
	e.doubt = e.doubt || seen || strode
	return false
}

// strode reports whether a thing went its way from key frame to key frame.
func (e *Eventer) strode(t *Track) bool {
	return t.Hits >= 2 && t.Travel > e.cfg.Travel && t.Sizes > e.cfg.TravelSizes && t.Last-t.First > shouwang.MediaRate*4/5
}

// sure reports whether it was one thing. Between two key frames anything may
// have happened: before noise is known, where it is small, or when they are far
// apart, two things are one that goes.
func (e *Eventer) sure(t *Track) bool {
	return e.tracker.age() > 10 && e.tracker.interval < 4.5 && t.Area >= e.cfg.GlimpseArea
}

// glimpsed reports whether a single picture shows enough. What is small must
// stand out and be alone: leaves and flakes are neither.
func (e *Eventer) glimpsed(t *Track) bool {
	if t.Area < e.cfg.GlimpseArea || t.Score < e.cfg.GlimpseScore || t.Fill < 0.25 || e.tracker.clutter > 4 {
		return false
	}
	return t.Area >= 4*e.cfg.GlimpseArea || t.Score >= 0.6 && e.tracker.clutter < 1.5 && e.tracker.age() > 10
}

// cool reports whether the track began right after an event: after one that
// has ended, or after the last life of one that is about to.
func (e *Eventer) cool(t *Track) bool {
	since := e.ended
	if e.live {
		since = e.last
	}
	return (e.hasEnd || e.live) && t.First > since && t.First-since < shouwang.MediaTimeOf(e.cfg.Cooldown)
}

func within(b shouwang.Box, x, y float64) bool {
	return x >= b[0]-0.02 && x <= b[0]+b[2]+0.02 && y >= b[1]-0.02 && y <= b[1]+b[3]+0.02
}

// plain reports a track that stands out, goes straight, is alone and has a body:
// little can be wrong with it, once it is known what flickers here.
func (e *Eventer) plain(t *Track) bool {
	return e.tracker.age() > 10 && t.Hits == t.looks && t.Score > 0.7 && t.Travel >= 0.7*t.Path && e.tracker.clutter < 2 && t.Bodiless < 0.2
}

// need is for how many seconds a track must be followed. What is faint needs
// longer, and so does what crosses many times its own size in a second: an
// insect before the lens does, people and cars that matter do not.
func (e *Eventer) need(t *Track, age, size float64) float64 {
	need, small := e.cfg.Persist.Seconds(), 1.6
	if e.plain(t) {
		need, small = need*0.4, 1.2
	}
	need *= 1 + 1.5*max(0, 1-t.Score/0.4)
	need *= 1 + 2*math.Exp(-e.tracker.age()/4) // what flickers here is not yet known
	speed := t.Travel / size / max(age, 0.1)
	if t.Area < 0.006 {
		need *= small
	}
	if t.Area < 0.02 && !t.dark() {
		need *= max(1, e.tracker.clutter/4)
	}
	return need * max(1, speed/4)
}

// join adds a confirmed track to the living event, or begins one.
func (e *Eventer) join(t *Track, o *analyze.Observation) {
	gap := shouwang.MediaTime(shouwang.MediaRate / 5)
	if e.tracker.interval > 0.8 { // of key frames alone nobody can say who is who
		gap = shouwang.MediaTime(1.5 * e.tracker.interval * shouwang.MediaRate)
	}
	apart := e.live && t.First > e.last+gap
	if apart || e.live && o.PTS-e.began > shouwang.MediaTimeOf(e.cfg.MaxLength) {
		e.finish()
	}
	if !e.live {
		e.begin(t)
	}
	if t.AliveUntil > e.last {
		e.last, e.lastAt = t.AliveUntil, t.aliveAt
		if t.Area > 0.3*t.most {
			e.lastBox = t.Box
		}
	}
	if t.Last == o.PTS && e.tracker.interval > 0.8 {
		e.passage.see(t.Box, o.PTS)
	}
	if t.Start.Before(e.event.Start) && t.First > e.ended {
		e.event.Start = t.Start
	}
	if t.peak > e.peak {
		e.peak, e.lead = t.peak, t.ID
		e.event.Peak, e.event.Box = t.peakAt, t.peakBox
	}
	e.event.Score = max(e.event.Score, e.score(t))
	if t.ID == e.lead {
		e.event.Track, t.shown = t.points, true
	}
	if e.told == 0 || o.PTS-e.told >= shouwang.MediaTimeOf(e.cfg.Update) {
		e.tell(shouwang.PhaseUpdate)
		e.told = o.PTS
	}
}

// score is how sure a track is: how much it stands out, how long, how far.
func (e *Eventer) score(t *Track) float64 {
	age := (t.Last - t.First).Duration().Seconds()
	doubt := (1 - 0.7*t.Score) * math.Exp(-age/4) * math.Exp(-4*t.Travel)
	return math.Round(100*(1-doubt)) / 100
}

func (e *Eventer) begin(t *Track) {
	e.serial++
	e.live, e.began, e.peak, e.lead, e.passage = true, t.First, 0, t.ID, passage{}
	e.last, e.lastAt, e.ways = t.AliveUntil, t.aliveAt, e.ways[:0]
	start := t.Start
	if e.hasEnd && t.First <= e.ended {
		start, e.began = e.lastEnd.Add(time.Millisecond), e.ended
	}
	e.event = shouwang.Event{
		ID:     NewID(e.camera, start, e.serial),
		Camera: e.camera, Kind: shouwang.KindMotion, Start: start,
		Peak: t.peakAt, Box: t.peakBox, Score: e.score(t), Track: t.points,
	}
	t.shown = true
	e.tell(shouwang.PhaseBegin)
	e.told = t.Last
}

// NewID names an event so that ids of all cameras sort by the time of begin.
func NewID(camera shouwang.CameraID, start time.Time, serial uint64) shouwang.EventID {
	return shouwang.EventID(fmt.Sprintf("%s-%s-%d", start.UTC().Format("20060102T150405.000Z"), camera, serial))
}

// close ends the event when nothing of it has been seen for long enough.
func (e *Eventer) close(pts shouwang.MediaTime) {
	if e.live && pts-e.last > e.tracker.quiet() {
		e.finish()
	}
}

func (e *Eventer) finish() {
	if !e.live {
		return
	}
	e.event.End = e.lastAt
	if !e.event.End.After(e.event.Start) {
		e.event.End = e.event.Start.Add(time.Millisecond)
	}
	e.tell(shouwang.PhaseEnd)
	if e.passage.went() {
		e.flickers.forget(e.began, e.last)
	}
	e.live, e.hasEnd, e.ended, e.lastEnd = false, true, e.last, e.event.End
}

// tell reports the event as it is now; the track is copied, for it goes on.
func (e *Eventer) tell(phase shouwang.EventPhase) {
	ev := e.event
	ev.Phase = phase
	ev.Track = append([]shouwang.TrackPoint(nil), e.event.Track...)
	ev.Things = e.things()
	if phase == shouwang.PhaseEnd {
		ev.Others = e.others()
	}
	e.out = append(e.out, ev)
}
