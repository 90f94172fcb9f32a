package viewcopy

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"shouwang"
	"shouwang/web/watch"
)

// Bounds of a lesson: how much of the run it is taken from, how far its pictures
// lie apart (as a play learns a scene), how many it takes (a renderer wants 15
// seconds, or whoever stands about for less would be taken for scenery), and what
// may be held in memory for it.
const (
	lessonSpan  = 40 * time.Second
	lessonStep  = 2 * time.Second
	lessonSlack = lessonStep / 10 // cameras are not that exact
	lessonLeast = 9
	lessonBytes = 96 << 20
)

// taught is a run with a lesson before it. A renderer that knows nothing of a
// scene hides all of it for a quarter of a minute, which would be most of a short
// clip. So it is shown key pictures of the run's own first 40 seconds first, the
// last one first: time that runs backwards to the begin leaves it knowing what
// stands there, and whoever stands at the begin and goes later stands out from the
// first picture on. The lesson's pictures have media times before begin.
type taught struct {
	watch.Units
	ahead []*shouwang.AccessUnit // the lesson, and then what was read for it
	begin shouwang.MediaTime
	err   error // behind ahead
}

const noLesson = shouwang.MediaTime(-1 << 62)

// teach reads the begin of a run and puts a lesson before it. A run that is too
// short for one stays as it is.
func teach(ctx context.Context, units watch.Units) (*taught, error) {
	t := &taught{Units: units, begin: noLesson}
	size := 0
	for size < lessonBytes && (len(t.ahead) == 0 || t.last().Wall.At.Sub(t.ahead[0].Wall.At) < lessonSpan) {
		au, err := units.Next(ctx)
		var over *shouwang.Overrun
		if errors.As(err, &over) {
			continue
		}
		if err != nil {
			t.err = err
			if !errors.Is(err, io.EOF) {
				return nil, err
			}
			break
		}
		t.ahead = append(t.ahead, au)
		size += au.Size()
	}
	if lesson := lessonOf(t.ahead); len(lesson) >= lessonLeast {
		t.begin = t.ahead[0].PTS - shouwang.MediaTimeOf(lessonStep/2)
		t.ahead = append(lesson, t.ahead...)
	}
	return t, nil
}

func (t *taught) last() *shouwang.AccessUnit { return t.ahead[len(t.ahead)-1] }

// lessonOf picks key pictures, the last one first, and gives them media times
// that go on and end a step before the first picture's.
func lessonOf(run []*shouwang.AccessUnit) (out []*shouwang.AccessUnit) {
	for _, au := range run {
		if au.Key && (len(out) == 0 || au.Wall.At.Sub(out[len(out)-1].Wall.At) >= lessonStep-lessonSlack) {
			out = append(out, au)
		}
	}
	slices.Reverse(out)
	for i, au := range out {
		shown := *au
		shown.PTS = run[0].PTS - shouwang.MediaTimeOf(lessonStep+au.Wall.At.Sub(run[0].Wall.At))
		shown.DTS = shown.PTS
		out[i] = &shown
	}
	return out
}

// Next returns the lesson, then the run.
func (t *taught) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	switch {
	case len(t.ahead) > 0:
		au := t.ahead[0]
		t.ahead = t.ahead[1:]
		return au, nil
	case t.err != nil:
		return nil, t.err
	}
	return t.Units.Next(ctx)
}

// whole reports whether the lesson stands for all that is to be known.
func (t *taught) whole() bool { return t.begin != noLesson }

// shows reports whether a picture that was rendered is of the run and not of the
// lesson.
func (t *taught) shows(au *shouwang.AccessUnit) bool { return au.PTS >= t.begin }
