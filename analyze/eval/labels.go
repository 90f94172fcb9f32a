package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// Interval is a stretch of a clip, in media time from its first picture.
type Interval struct {
	From, To time.Duration
	Class    string
	Note     string
}

// Overlaps reports whether the interval, widened by the tolerance on both
// sides, shares time with from..to.
func (i Interval) Overlaps(from, to, tolerance time.Duration) bool {
	return from <= i.To+tolerance && to >= i.From-tolerance
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
			c.Events = append(c.Events, Interval{at(s.Start), at(s.End + 1), s.Class, s.Desc})
		}
		for _, s := range l.Quiet {
			c.Quiet = append(c.Quiet, Interval{at(s.Start), at(s.End + 1), "", s.Why})
		}
		clips = append(clips, c)
	}
	sort.Slice(clips, func(i, j int) bool { return clips[i].Name < clips[j].Name })
	return clips, nil
}
