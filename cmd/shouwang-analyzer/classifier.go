package main

import (
	"fmt"

	"golang.org/x/sys/unix"

	"shouwang"
	"shouwang/analyze/classify"
	"shouwang/analyze/decode"
	"shouwang/analyze/wire"
)

// maxCuts bounds what waits for the network: above it nothing more is cut, and
// whoever asked asks again.
const maxCuts = 16

// namer joins a classifier to the worker.
type namer struct {
	*classify.Classifier
	cuts  []*classify.Crop
	spare []*classify.Crop
}

// openNamer loads the model, or returns nil when none is named.
func openNamer(model, library string) (*namer, error) {
	if model == "" {
		return nil, nil
	}
	c, err := classify.New(classify.Config{Model: model, Runtime: library})
	if err != nil {
		return nil, err
	}
	return &namer{Classifier: c}, nil
}

// Cut takes the region's surroundings out of the picture.
func (n *namer) Cut(p *decode.Picture, handle, ticket uint32, region shouwang.Box) {
	if len(n.cuts) >= maxCuts {
		return
	}
	var c *classify.Crop
	if k := len(n.spare); k > 0 {
		c, n.spare = n.spare[k-1], n.spare[:k-1]
	} else {
		c = new(classify.Crop)
	}
	c.Ask = classify.Ask{Handle: handle, Ticket: ticket}
	if !classify.Cut(c, p, region) {
		n.spare = append(n.spare, c)
		return
	}
	n.cuts = append(n.cuts, c)
}

// Things finds what a whole picture shows.
func (n *namer) Things(p *decode.Picture, each func(class uint8, box shouwang.Box)) error {
	return n.Classifier.Things(p, func(t classify.Thing) { each(uint8(t.Class), t.Box) })
}

// Waiting is how many cuts have no answer yet.
func (n *namer) Waiting() int { return len(n.cuts) }

// Run answers for all cuts, sharing the CPU time among them.
func (n *namer) Run(answer func(*wire.Found)) error {
	began := threadTime()
	found, err := n.Classify(n.cuts)
	each := uint32(max(0, threadTime()-began) / int64(len(n.cuts)) / 1000)
	n.spare = append(n.spare, n.cuts...)
	n.cuts = n.cuts[:0]
	if err != nil {
		return fmt.Errorf("classify: %w", err)
	}
	for i := range found {
		f := &found[i]
		b := f.Box
		answer(&wire.Found{
			Handle: f.Ask.Handle, Ticket: f.Ask.Ticket, Class: uint8(f.Class), Score: f.Score,
			X: float32(b[0]), Y: float32(b[1]), W: float32(b[2]), H: float32(b[3]), Micros: each,
		})
	}
	return nil
}

// threadTime is the thread's CPU time in nanoseconds.
func threadTime() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return t.Nano()
}
