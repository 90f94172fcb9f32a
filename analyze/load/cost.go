package load

import (
	"shouwang"
	"shouwang/analyze/cascade"
)

// What is believed of a camera before it is known. Costs are microseconds of
// CPU a second. The figures are those of 640x360 at ten pictures a second (see
// docs/performance.md); from the first minute on the fleet's own count instead.
const (
	priorLooks = 1100.0 // key frames only
	priorRatio = 2.0    // of all that is looked at to key frames only
	priorFull  = 4.0    // seconds of full decoding cost so many key frames
	// priorWeight is how many seconds of measuring the belief is worth.
	priorWeight = 5.0
	// settle is how long a camera's costs do not count after it came: its
	// background is learned and its memory touched for the first time.
	settle = 10.0
	// cold is how many times what is usual a new camera is taken for until then.
	cold = 2.0
	// minute is the time constant of what counts as spent, in seconds.
	minute = 60.0
	// longGOP is the distance of key frames, in seconds, above which the cascade
	// decodes everything.
	longGOP = 2.5
)

type camera struct {
	Demand
	fleet  *fleet
	age    float64 // seconds since it came
	rate   float64 // microseconds a second, since the last tick
	spent  float64 // the same over about a minute: what it really took
	want   float64 // the same, while uncut
	warm   float64 // seconds of measuring that want stands for
	since  float64 // seconds at the present step
	next   cascade.Step
	seenIn uint64
}

// base is the step without the difference between nothing cut and audits ended:
// that costs nobody anything.
func base(s cascade.Step) cascade.Step { return max(s, cascade.StepAudit) }

// book takes what was measured since the last tick.
func (c *camera) book(d *Demand, sec float64) {
	if base(c.Step) != base(d.Step) {
		c.since = 0
	}
	c.Demand = *d
	c.since += sec
	c.age += sec
	c.rate = float64(d.Spent.Microseconds()) / sec
	c.spent += (c.rate - c.spent) * min(1, sec/minute)
	switch {
	case d.Step >= cascade.StepPresence: // what was known of it grows old
		c.warm = max(0, c.warm-sec/2)
	case c.age > settle:
		// A plain mean at first, so that one costly second is not taken for all.
		c.warm = min(minute, c.warm+sec)
		c.want += (c.rate - c.want) * min(1, sec/c.warm)
	}
}

// fresh reports whether the camera's costs do not count yet.
func (c *camera) fresh() bool { return c.age <= settle }

// looks is what key frames only take, in microseconds a second.
func (c *camera) looks() float64 {
	if c.Look > 0 && c.GOP > 0 {
		return float64(c.Look.Microseconds()) / c.GOP.Seconds()
	}
	return c.fleet.looks
}

// whole is what the camera takes uncut: what was measured, leaning on what the
// fleet takes as long as little was.
func (c *camera) whole() float64 {
	looks := c.looks()
	prior := looks * c.fleet.ratio
	if c.Fixed || c.GOP.Seconds() > longGOP {
		prior = max(prior, priorFull*float64(c.Look.Microseconds()))
	}
	if c.fresh() {
		return cold * prior
	}
	return max(looks, (c.want*c.warm+prior*priorWeight)/(c.warm+priorWeight))
}

// at is what the camera takes at a step, in microseconds a second.
func (c *camera) at(s cascade.Step) float64 {
	switch {
	case c.Fixed || s < cascade.StepPresence:
		return c.whole()
	case s == cascade.StepPresence:
		return c.looks()
	case c.Look == 0:
		return min(c.looks(), 2*c.fleet.looks/s.Apart().Seconds())
	}
	return min(c.looks(), float64(c.Look.Microseconds())/s.Apart().Seconds())
}

// fleet is what is known of all cameras together: what a new one is taken for.
type fleet struct {
	ratio float64 // of all that is looked at to key frames only
	looks float64 // key frames only, microseconds a second
}

// learn takes the means of cameras that are known, with a few made up that are
// as was believed.
func (f *fleet) learn(cameras map[shouwang.CameraID]*camera) {
	const madeUp = 5
	want, of, looks, n := 0.0, 0.0, 0.0, 0.0
	for _, c := range cameras {
		if c.Look == 0 || c.GOP == 0 || c.fresh() {
			continue
		}
		l := c.looks()
		looks += l
		n++
		if c.warm >= settle && !c.Fixed && c.GOP.Seconds() <= longGOP {
			want += max(c.want, l)
			of += l
		}
	}
	if n == 0 {
		return
	}
	f.looks = (looks + madeUp*priorLooks) / (n + madeUp)
	if of > 0 {
		f.ratio = (want + madeUp*priorRatio*f.looks) / (of + madeUp*f.looks)
	}
}
