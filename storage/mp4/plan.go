package mp4

import (
	"sort"
	"time"

	"shouwang"
	"shouwang/storage"
)

// maxSamples bounds one file: about five hours at 25 pictures a second.
const maxSamples = 500_000

// reanchor is how far media time and wall time may drift apart between two
// segments of one epoch before wall time is believed.
const reanchor = 100 * time.Millisecond

// item is one sample of the file.
type item struct {
	segment int
	storage.Sample
	at   shouwang.MediaTime // DTS in the file
	desc int                // index of its parameter sets
}

// run is a stretch of sample bytes that lie together in one segment: a chunk
// of the file.
type run struct {
	start   int64 // in the file's sample data
	segment int
	offset  int64 // in the segment's plain text
	size    int64
	count   int // samples
	desc    int
}

// plan is which samples make the file and when each is shown.
type plan struct {
	segments []storage.Segment
	items    []item
	params   []*shouwang.Params
	runs     []run
	size     int64 // bytes of samples
	from     time.Time
	to       time.Time
}

// makePlan picks the samples for the span from segments in any order.
func makePlan(span shouwang.Span, segments []storage.Segment) (*plan, error) {
	p := &plan{}
	for _, s := range segments {
		if s.State != storage.SegmentErased && len(s.Samples) > 0 {
			p.segments = append(p.segments, s)
		}
	}
	sort.SliceStable(p.segments, func(i, j int) bool { return p.segments[i].From.Before(p.segments[j].From) })
	if err := p.pick(span); err != nil {
		return nil, err
	}
	if len(p.items) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "nothing is recorded between %s and %s",
			span.From.UTC().Format(time.RFC3339), span.To.UTC().Format(time.RFC3339))
	}
	p.schedule()
	p.layOut()
	return p, nil
}

// pick takes the samples from the last key picture at or before From, or the
// first one after it, up to To.
func (p *plan) pick(span shouwang.Span) error {
	started := false
	for i := range p.segments {
		s := &p.segments[i]
		for _, sample := range s.Samples {
			wall := s.WallOf(sample)
			if !wall.Add((sample.DTS - sample.PTS).Duration()).Before(span.To) {
				continue // by decoding time, so that no reference of a kept picture is cut
			}
			if sample.Key && (!wall.After(span.From) || !started) {
				p.items, started = p.items[:0], wall.Before(span.To)
			}
			if !started {
				continue
			}
			if len(p.items) == maxSamples {
				return shouwang.Errorf(shouwang.CodeTooLarge, "the span holds more than %d pictures: ask for a shorter one", maxSamples)
			}
			p.items = append(p.items, item{segment: i, Sample: sample})
		}
	}
	return nil
}

// schedule gives every sample its time in the file, so that media time is wall
// time from the first picture on, gaps included, and finds what parameter sets
// are needed.
func (p *plan) schedule() {
	first := p.items[0]
	p.from = p.segments[first.segment].WallOf(first.Sample)
	base, desc := -first.DTS, p.descOf(first.segment)
	for i := range p.items {
		it := &p.items[i]
		if i > 0 && it.segment != p.items[i-1].segment {
			base = p.rebase(base, p.items[i-1].segment, it, first.PTS-first.DTS)
			desc = p.descOf(it.segment)
		}
		it.at, it.desc = base+it.DTS, desc
		if i > 0 {
			before := &p.items[i-1]
			it.at = max(it.at, before.at+1)
			before.Duration = it.at - before.at
		}
		if end := p.segments[it.segment].WallOf(it.Sample).Add(it.Duration.Duration()); end.After(p.to) {
			p.to = end
		}
	}
}

// rebase returns what to add to the next segment's DTS: its media clock goes
// on from the previous segment's where they share an epoch and agree with the
// wall, else the wall decides.
func (p *plan) rebase(base shouwang.MediaTime, previous int, it *item, delay shouwang.MediaTime) shouwang.MediaTime {
	a, b := &p.segments[previous], &p.segments[it.segment]
	byWall := shouwang.MediaTimeOf(b.WallOf(it.Sample).Sub(p.from)) + delay - it.PTS
	byMedia := base + b.Media - a.Media
	if off := (byMedia - byWall).Duration(); a.Epoch == b.Epoch && off < reanchor && off > -reanchor {
		return byMedia
	}
	return byWall
}

func (p *plan) descOf(segment int) int {
	params := p.segments[segment].Params
	for i, known := range p.params {
		if known.Equal(params) {
			return i
		}
	}
	p.params = append(p.params, params)
	return len(p.params) - 1
}

// layOut groups samples that lie together into runs.
func (p *plan) layOut() {
	for i := range p.items {
		it := &p.items[i]
		if n := len(p.runs); n > 0 {
			r := &p.runs[n-1]
			if r.segment == it.segment && r.offset+r.size == it.Offset && r.desc == it.desc {
				r.size += int64(it.Size)
				r.count++
				p.size += int64(it.Size)
				continue
			}
		}
		p.runs = append(p.runs, run{start: p.size, segment: it.segment, offset: it.Offset, size: int64(it.Size), count: 1, desc: it.desc})
		p.size += int64(it.Size)
	}
}
