package fragment

import (
	"bytes"
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"shouwang"
)

// Piece writes pictures of a recording, key picture first and none reordered, as
// an initialization segment and one fragment. A picture's time is when it was
// taken, counted from zero, so that pieces of several cameras lie on one clock.
// A picture lasts until the next one, unless that comes later than hole: then it
// lasts as long as the one before it, and the player sees that nothing follows.
// next is when the picture after the last was taken, zero when none is known. No
// pictures give no bytes.
func Piece(units []*shouwang.AccessUnit, zero, next time.Time, hole time.Duration) ([]byte, error) {
	if len(units) == 0 {
		return nil, nil
	}
	init, err := initSegment(units[0].Params)
	if err != nil {
		return nil, err
	}
	parts, err := piece{zero: zero, hole: shouwang.MediaTimeOf(hole)}.parts(units, next)
	if err != nil {
		return nil, err
	}
	var buf seekablebuffer.Buffer
	if err := parts.Marshal(&buf); err != nil {
		return nil, fmt.Errorf("write piece: %w", err)
	}
	return append(init, bytes.Clone(buf.Bytes())...), nil
}

type piece struct {
	zero time.Time
	hole shouwang.MediaTime
}

// parts lays the pictures out, in a part of its own behind each hole.
func (p piece) parts(units []*shouwang.AccessUnit, next time.Time) (fmp4.Parts, error) {
	var out fmp4.Parts
	var track *fmp4.PartTrack
	at, step := p.time(units[0].Wall.At), shouwang.MediaTime(guess)
	for i, au := range units {
		if !au.Params.Equal(units[0].Params) {
			return nil, shouwang.Errorf(shouwang.CodeBadStream, "the picture changes its size on the way; look at a later moment")
		}
		after := next
		if i+1 < len(units) {
			after = units[i+1].Wall.At
		}
		follows := p.time(after)
		whole := !after.IsZero() && follows-at <= p.hole
		if whole {
			step = max(1, follows-at)
		}
		if track == nil {
			track = &fmp4.PartTrack{ID: trackID, BaseTime: uint64(at)}
			out = append(out, &fmp4.Part{SequenceNumber: uint32(len(out) + 1), Tracks: []*fmp4.PartTrack{track}})
		}
		track.Samples = append(track.Samples, &fmp4.Sample{Duration: uint32(step), IsNonSyncSample: !au.Key, Payload: au.Data})
		if at += step; !whole {
			track, at = nil, follows
		}
	}
	return out, nil
}

func (p piece) time(t time.Time) shouwang.MediaTime {
	return max(0, shouwang.MediaTimeOf(t.Sub(p.zero)))
}
