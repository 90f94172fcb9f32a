package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
	"shouwang/analyze/pool"
)

// Units is a run of access units, ended by io.EOF.
type Units interface {
	Next(ctx context.Context) (*shouwang.AccessUnit, error)
}

// Result is what looking at a run of units came to.
type Result struct {
	// Events are those that ended, in the order they began, with times as in
	// the run.
	Events  []shouwang.Event
	Video   time.Duration // media time from the first unit to the last
	Cascade cascade.Status
	Session pool.SessionStats
	// Decode and Pixels are CPU time in the analyzer; CPU is user and system
	// time of this process and its analyzers over the run.
	// Tracks is the time spent on following, events and rules.
	// Classify is CPU time of the classifier.
	Decode, Pixels, Tracks, Classify, CPU time.Duration
	PeakRSS                               int64 // bytes, of this process and its analyzers together
	Wall                                  time.Duration
}

// Run looks at all units of a run as fast as they come and waits for what they
// come to. observed may be nil.
func Run(ctx context.Context, p *pool.Pool, units Units, cfg Config, observed func(*analyze.Observation)) (Result, error) {
	var r Result
	latest := map[shouwang.EventID]int{}
	before, began := cpu(p), time.Now()
	asked := p.Stats().ClassifyMicros
	sinks := Sinks{
		Events: func(events []shouwang.Event) {
			for _, e := range events {
				e.Track = append([]shouwang.TrackPoint(nil), e.Track...)
				if i, known := latest[e.ID]; known {
					r.Events[i] = e
					continue
				}
				latest[e.ID] = len(r.Events)
				r.Events = append(r.Events, e)
			}
		},
		Observations: func(o *analyze.Observation) {
			r.Decode += time.Duration(o.DecodeMicros) * time.Microsecond
			r.Pixels += time.Duration(o.PixelMicros) * time.Microsecond
			if observed != nil {
				observed(o)
			}
		},
	}
	pipe, err := Open(p, "file", cfg, sinks)
	if err != nil {
		return r, err
	}
	defer pipe.Close()
	if err := pipe.all(ctx, units, &r); err != nil {
		return r, err
	}
	if err := pipe.Drain(ctx); err != nil {
		return r, fmt.Errorf("wait for the analyzer: %w", err)
	}
	r.Cascade, r.Session = pipe.Cascade().Status(), pipe.Stats()
	r.Tracks = pipe.Spent().Tracks
	r.Classify = time.Duration(p.Stats().ClassifyMicros-asked) * time.Microsecond
	r.CPU, r.Wall, r.PeakRSS = cpu(p)-before, time.Since(began), peakRSS(p)
	return r, nil
}

func (l *Pipeline) all(ctx context.Context, units Units, r *Result) error {
	first := shouwang.MediaTime(-1)
	for {
		au, err := units.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if first < 0 {
			first = au.PTS
		}
		r.Video = max(r.Video, (au.PTS - first).Duration())
		if err := l.UnitWait(ctx, au); err != nil {
			return fmt.Errorf("look at access unit %d: %w", au.Seq, err)
		}
	}
}

// cpu returns the CPU time that this process and the analyzers have used.
func cpu(p *pool.Pool) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	total := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	for _, w := range p.Stats().Workers {
		total += w.CPU
	}
	return total
}

func peakRSS(p *pool.Pool) int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	total := u.Maxrss << 10 // kilobytes on Linux
	for _, w := range p.Stats().Workers {
		total += int64(w.MaxRSS)
	}
	return total
}
