package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"

	"shouwang"
)

// Interval is a stretch of a clip, in media time from its first picture.
type Interval struct {
	From, To time.Duration
	Class    string
	Note     string
	// Tall is the height of what moves in pixels, 0 unknown; Boxes is where it
	// is, picture by picture, where that is known.
	Tall  int
	Boxes []Placed
}

// Placed is where something was at a time.
type Placed struct {
	At  time.Duration
	Box shouwang.Box
}

// Overlaps reports whether the interval, widened by the tolerance on both
// sides, shares time with from..to.
func (i Interval) Overlaps(from, to, tolerance time.Duration) bool {
	return from <= i.To+tolerance && to >= i.From-tolerance
}

// Meets reports whether a found event is this one: their times overlap and,
// where both know places, it was seen within one size of where this was, at
// most 0.3 s apart.
func (i Interval) Meets(f *Found, tolerance time.Duration) bool {
	if !i.Overlaps(f.From, f.To, tolerance) {
		return false
	}
	if len(i.Boxes) == 0 || len(f.Boxes) == 0 {
		return true
	}
	for _, p := range f.Boxes {
		if i.near(p) {
			return true
		}
	}
	return false
}

// Seen is in how many of the event's pictures one of the places is its own.
func (i Interval) Seen(places []Placed) (n int) {
	last := time.Duration(-1)
	for _, p := range places {
		if p.At != last && p.At >= i.From && p.At <= i.To && i.near(p) {
			n, last = n+1, p.At
		}
	}
	return n
}

// near reports whether a place is that of this event at its time.
func (i Interval) near(p Placed) bool {
	for _, b := range i.Boxes {
		if d := b.At - p.At; d > 300*time.Millisecond || d < -300*time.Millisecond {
			continue
		}
		x, y := p.Box.Center()
		if dx, dy := x-b.Box[0]-b.Box[2]/2, y-b.Box[1]-b.Box[3]/2; max(dx, -dx) < b.Box[2] && max(dy, -dy) < b.Box[3] || b.Box.IoU(p.Box) > 0.1 {
			return true
		}
	}
	return false
}

// Clip is a labelled video.
type Clip struct {
	Name      string // file name
	Path      string
	FPS       float64
	Frames    int
	Tolerance time.Duration
	Events    []Interval
	Quiet     []Interval
	Notes     string
}

type labelFile map[string]struct {
	FPS       float64     `json:"fps"`
	Frames    int         `json:"frames"`
	Tolerance int         `json:"tolerance_frames"`
	Events    []labelSpan `json:"events"`
	Quiet     []labelSpan `json:"quiet"`
	Notes     string      `json:"notes"`
}

type labelSpan struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Class string `json:"cls"`
	Desc  string `json:"desc"`
	Why   string `json:"why"`
}

// Load reads events.json of a folder of clips: intervals in 0-based frames,
// both ends included. Clips whose file is missing are left out; the result is
// sorted by name.
func Load(dir string) ([]Clip, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "events.json"))
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var file labelFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("parse labels of %s: %w", dir, err)
	}
	var clips []Clip
	for name, l := range file {
		path := filepath.Join(dir, filepath.Base(name))
		if _, err := os.Stat(path); err != nil || l.FPS <= 0 {
			continue
		}
		at := func(frame int) time.Duration { return time.Duration(float64(frame) / l.FPS * float64(time.Second)) }
		c := Clip{Name: name, Path: path, FPS: l.FPS, Frames: l.Frames, Tolerance: at(l.Tolerance), Notes: l.Notes}
		for _, s := range l.Events {
			c.Events = append(c.Events, Interval{From: at(s.Start), To: at(s.End + 1), Class: s.Class, Note: s.Desc})
		}
		for _, s := range l.Quiet {
			c.Quiet = append(c.Quiet, Interval{From: at(s.Start), To: at(s.End + 1), Note: s.Why})
		}
		clips = append(clips, c)
	}
	sort.Slice(clips, func(i, j int) bool { return clips[i].Name < clips[j].Name })
	return clips, nil
}
