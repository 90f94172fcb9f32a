package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest/camsim"
)

// way is one way of looking at a stream.
type way struct {
	name   string
	policy cascade.Policy
	model  string
}

// base is the way that the others are measured against.
const base = "full, MOG2"

// ways are compared in one run; the first is what the others are measured
// against.
var ways = []way{
	{base, cascade.Full, "mog2"},
	{"key frames, three pictures, fixed threshold", cascade.Presence, "three"},
	{"full", cascade.Full, ""},
	{"track", cascade.Track, ""},
	{"presence", cascade.Presence, ""},
}

func (w way) config() pipeline.Config {
	return pipeline.Config{Cascade: cascade.Config{Policy: w.policy}, Pool: pool.Options{Model: w.model}}
}

// look runs one way over the clip and returns what a second of video costs, in
// CPU of this process and the analyzer together, and the events in a loop of it.
func look(ctx context.Context, p *pool.Pool, clip *camsim.Clip, w way) (perSecond time.Duration, events int, err error) {
	r, err := w.run(ctx, p, clip)
	if err != nil {
		return 0, 0, err
	}
	loops := w.loops()
	return time.Duration(float64(r.CPU) / r.Video.Seconds()), (len(r.Events) + loops/2) / loops, nil
}

// rounds is how often each way is measured. One round tells little: the same
// work takes up to a quarter more or less from one minute to the next on a
// shared machine.
const rounds = 5

// looked is what one way of looking at a stream costs a second of video, and
// the events it found in a loop of the clip.
type looked struct {
	cost   time.Duration
	events int
}

// lookInTurn runs every way over the clip, one after the other and that rounds
// times, so that what slows the machine for a minute slows all of them. It
// returns the median of each, in the order of ways.
func lookInTurn(ctx context.Context, o Options, p *pool.Pool, clip *camsim.Clip, s Stream) ([]looked, error) {
	costs := make([][]time.Duration, len(ways))
	out := make([]looked, len(ways))
	for round := range rounds {
		o.Say(fmt.Sprintf("looking at %s, round %d of %d", s.Name, round+1, rounds))
		for i, w := range ways {
			cost, events, err := look(ctx, p, clip, w)
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], cost)
			out[i] = looked{median(costs[i]), events}
		}
	}
	return out, nil
}

// median returns the middle one of a list that is not empty, which it sorts.
func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// loops is how often the clip is played: a minute of what decodes little is too
// little CPU to measure.
func (w way) loops() int {
	if w.policy == cascade.Full {
		return 1
	}
	return 4
}

// run looks at the clip in one way.
func (w way) run(ctx context.Context, p *pool.Pool, clip *camsim.Clip) (pipeline.Result, error) {
	return pipeline.Run(ctx, p, loop(clip, w.loops()), w.config(), nil)
}

// phases is how many copies of a stream are watched for latency at once, begun
// one after the other so that they do not compete for the same moment. The
// walker enters at the same place between two key frames in each of them.
const phases = 8

// latency plays the walker's entrance at the camera's own pace, phases times
// at once, and returns how long after the first picture that shows the walker
// the event was told: sorted, one for each that was found.
func latency(ctx context.Context, p *pool.Pool, clip *camsim.Clip, s Stream, w way) ([]time.Duration, error) {
	var mu sync.Mutex
	var found []time.Duration
	var first error
	var wg sync.WaitGroup
	for i := range phases {
		wg.Go(func() {
			d, ok, err := entrance(ctx, p, clip, s, w, time.Duration(i)*2*time.Second/phases)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				found = append(found, d)
			}
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	slices.Sort(found)
	return found, first
}

// entrance plays from 13 s before the walker on; wait shifts it against the
// other copies.
func entrance(ctx context.Context, p *pool.Pool, clip *camsim.Clip, s Stream, w way, wait time.Duration) (time.Duration, bool, error) {
	visible := s.appears()
	begin := 14 * time.Second
	told := make(chan time.Time, 1)
	pipe, err := pipeline.Open(p, "bench", w.config(), pipeline.Sinks{Events: func(events []shouwang.Event) {
		for _, e := range events {
			if e.Phase == shouwang.PhaseBegin {
				select {
				case told <- time.Now():
				default:
				}
			}
		}
	}})
	if err != nil {
		return 0, false, err
	}
	defer pipe.Close()
	start := time.Now().Add(wait)
	for n := int(begin.Seconds() * float64(s.FPS)); ; n++ {
		at := start.Add(time.Duration(n)*time.Second/time.Duration(s.FPS) - begin)
		select {
		case t := <-told:
			return t.Sub(start.Add(visible - begin)), true, nil
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-time.After(time.Until(at)):
		}
		if at.After(start.Add(visible - begin + 6*time.Second)) {
			return 0, false, nil
		}
		if err := pipe.Unit(clip.Unit("bench", shouwang.StreamMain, start.Add(-begin), n)); err != nil {
			return 0, false, err
		}
	}
}

// appears is when the first picture shows a part of the walker, who enters at
// 27 s from 80 pixels beyond the edge (see package scene).
func (s Stream) appears() time.Duration {
	beyond := 80 - 9.0
	share := beyond / float64(s.Width+160)
	return 27*time.Second + time.Duration(share*6*float64(time.Second))
}
