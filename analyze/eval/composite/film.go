package composite

import (
	"time"

	"shouwang"
	"shouwang/analyze/eval"
)

// The size and rate of every film: the sub-stream that cameras are asked for.
const (
	Width, Height = 640, 360
	FPS           = 10
)

// Still is a background: planes of a 4:2:0 picture of Width x Height.
type Still struct{ Y, U, V []byte }

func newStill() *Still {
	s := &Still{Y: make([]byte, Width*Height), U: make([]byte, Width*Height/4), V: make([]byte, Width*Height/4)}
	for i := range s.U {
		s.U[i], s.V[i] = 128, 128
	}
	return s
}

// Weather is what goes on in a film beside its visits.
type Weather struct {
	Rain, Snow, Sway, Clock bool
	// Insects fly before the lens about every so often; 0 never.
	Insects time.Duration
	// Torch is how often a torch's light wanders over the scene; 0 never.
	Torch time.Duration
	// Shake is how far gusts throw the camera, in pixels.
	Shake float64
	// Exposure is how far the camera's own exposure and clouds change the light,
	// as a share.
	Exposure float64
	// Switch is when the lamp goes out and infrared takes over; 0 never.
	Switch time.Duration
}

// Visit is one mover's way through a film.
type Visit struct {
	Mover *Mover
	From  time.Duration // its first visible picture, about
	Lasts time.Duration
	Tall  int // pixels
	// Left and Right are the doors between which it is seen, Foot the line its
	// feet stand on, in pixels.
	Left, Right, Foot float64
	Leftwards         bool
	// Pause is how long it stands still in the middle.
	Pause time.Duration

	frames []sprite // scaled to Tall
}

// Film is the plan of a film.
type Film struct {
	Name    string
	Night   bool
	Back    *Still
	Noise   float64 // standard deviation in luma before encoding
	Gain    float64 // of the light: 1 by day
	Weather Weather
	Visits  []Visit
	Lasts   time.Duration
	Seed    uint64
	// Real says that background and movers come from clips.
	Real bool
}

// Pictures is how many pictures the film has.
func (f *Film) Pictures() int { return int(f.Lasts * FPS / time.Second) }

// at is the time of a picture.
func at(n int) time.Duration { return time.Duration(n) * time.Second / FPS }

// where is the middle of the visit's feet at a time, and how many seconds it
// has walked; ok is false while it is not there.
func (v *Visit) where(t time.Duration) (x, walked float64, ok bool) {
	t -= v.From
	if t < 0 || t >= v.Lasts {
		return 0, 0, false
	}
	moving := v.Lasts - v.Pause
	switch half := moving / 2; {
	case t > half+v.Pause:
		t -= v.Pause
	case t > half:
		t = half
	}
	f := t.Seconds() / moving.Seconds()
	half := v.wide() / 2
	if v.Leftwards {
		return v.Right + half - f*(v.Right-v.Left+2*half), t.Seconds(), true
	}
	return v.Left - half + f*(v.Right-v.Left+2*half), t.Seconds(), true
}

func (v *Visit) wide() float64 { return float64(v.frames[0].w) }

// box is the visible part of the visit at a time, in fractions of the picture;
// empty while less than a quarter of it is seen.
func (v *Visit) box(t time.Duration) shouwang.Box {
	x, _, ok := v.where(t)
	if !ok {
		return shouwang.Box{}
	}
	half := v.wide() / 2
	l, r := max(x-half, v.Left, 0), min(x+half, v.Right, Width)
	if r-l < half/2 {
		return shouwang.Box{}
	}
	return shouwang.Box{l / Width, (v.Foot - float64(v.Tall)) / Height, (r - l) / Width, float64(v.Tall) / Height}
}

// Title names the film in tables.
func (f *Film) Title() string { return f.Name }

// Truth is the film's exact truth: every visit with its box in each picture in
// which it is seen. Quiet is what lies a second and more from any visit, after
// the first five seconds.
func (f *Film) Truth(path string) eval.Clip {
	c := eval.Clip{Name: f.Name, Path: path, FPS: FPS, Frames: f.Pictures(), Tolerance: 100 * time.Millisecond}
	free := 5 * time.Second
	for i := range f.Visits {
		l := f.Visits[i].label(f)
		if quiet := l.From - time.Second; quiet > free {
			c.Quiet = append(c.Quiet, eval.Interval{From: free, To: quiet})
		}
		free = l.To + time.Second
		c.Events = append(c.Events, l)
	}
	if free < f.Lasts {
		c.Quiet = append(c.Quiet, eval.Interval{From: free, To: f.Lasts})
	}
	return c
}

func (v *Visit) label(f *Film) eval.Interval {
	l := eval.Interval{From: -1, Class: v.Mover.Kind, Tall: v.Tall, Note: v.Mover.Name}
	for n := range f.Pictures() {
		b := v.box(at(n))
		if b.Area() == 0 {
			continue
		}
		if l.From < 0 {
			l.From = at(n)
		}
		l.To = at(n + 1)
		l.Boxes = append(l.Boxes, eval.Placed{At: at(n), Box: b})
	}
	return l
}
