package catalog

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/sqlite"
)

// Cover is what of a stretch of one camera can be played.
type Cover struct {
	// Recorded are the readable stretches, in order, apart from each other.
	Recorded []shouwang.Span
	// Erased are the stretches that were recorded and cannot be read any more.
	Erased []shouwang.Span
	Gaps   []shouwang.Gap
}

// seam is the longest break between two segments that is none: a segment ends
// with the duration of its last picture, which is an estimate.
const seam = 1500 * time.Millisecond

// Cover returns what of the span is recorded of the camera, of whichever
// stream, what was, and what was not and why.
func (d *DB) Cover(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (Cover, error) {
	var c Cover
	from, to := bounds(span)
	rows, err := d.read.QueryContext(ctx, `SELECT from_ns, to_ns, state FROM segments INDEXED BY segments_cover
		WHERE camera=? AND from_ns < ? AND from_ns >= ? AND to_ns > ? ORDER BY from_ns`, camera, to, from-int64(maxSegment), from)
	if err != nil {
		return c, fmt.Errorf("read cover: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a, b int64
		var state string
		if err := rows.Scan(&a, &b, &state); err != nil {
			return c, fmt.Errorf("read cover: %w", err)
		}
		one := shouwang.Span{From: sqlite.FromNanos(max(a, from)), To: sqlite.FromNanos(min(b, to))}
		if state == string(storage.SegmentErased) {
			c.Erased = joined(c.Erased, one)
		} else {
			c.Recorded = joined(c.Recorded, one)
		}
	}
	if err := rows.Err(); err != nil {
		return c, fmt.Errorf("read cover: %w", err)
	}
	c.Gaps, err = d.Gaps(ctx, camera, "", span)
	return c, err
}

// joined adds a stretch that begins no earlier than the last one.
func joined(list []shouwang.Span, s shouwang.Span) []shouwang.Span {
	if n := len(list); n > 0 && s.From.Sub(list[n-1].To) <= seam {
		if s.To.After(list[n-1].To) {
			list[n-1].To = s.To
		}
		return list
	}
	return append(list, s)
}

// Stamped says how well the times of a stretch of recording are known.
type Stamped struct {
	shouwang.Span
	Offset      time.Duration // the camera's clock minus ours, already corrected
	Uncertainty time.Duration // one-sided
	Source      shouwang.StampSource
}

// Stamps returns how well times are known in the camera's recordings of the
// span; neighbours that say about the same (5 ms) are one.
func (d *DB) Stamps(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) ([]Stamped, error) {
	from, to := bounds(span)
	rows, err := d.read.QueryContext(ctx, `SELECT from_ns, to_ns, offset_ns, uncertainty_ns, source FROM segments
		WHERE camera=? AND from_ns < ? AND from_ns >= ? AND to_ns > ? AND state <> 'erased' ORDER BY from_ns`, camera, to, from-int64(maxSegment), from)
	if err != nil {
		return nil, fmt.Errorf("read clocks: %w", err)
	}
	defer rows.Close()
	var out []Stamped
	for rows.Next() {
		var s Stamped
		var a, b int64
		if err := rows.Scan(&a, &b, &s.Offset, &s.Uncertainty, &s.Source); err != nil {
			return nil, fmt.Errorf("read clocks: %w", err)
		}
		s.From, s.To = sqlite.FromNanos(a), sqlite.FromNanos(b)
		if n := len(out); n > 0 && out[n-1].like(s) {
			out[n-1].To = s.To
			out[n-1].Uncertainty = max(out[n-1].Uncertainty, s.Uncertainty)
			continue
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func (s Stamped) like(o Stamped) bool {
	const same = 5 * time.Millisecond
	return s.Source == o.Source && (s.Offset-o.Offset).Abs() <= same && (s.Uncertainty-o.Uncertainty).Abs() <= same
}
