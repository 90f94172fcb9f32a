package event

import (
	"math"

	"shouwang"
)

// Want is a thing that should be named: the ticket to answer under, and where
// it was last seen.
type Want struct {
	Ticket uint32
	Box    shouwang.Box
}

// Naming decides when to ask what the things of an event are, and what to
// believe of the answers. Its numbers: a label needs one answer of Sure, or two
// that agree with Likely; for YOLOX-nano 0.35 means a precision of about 0.79
// for people, and a signpost has been given 0.59.
const (
	sure     = 0.6
	likely   = 0.35
	mostAsks = 5 // of one thing
	// Scenery is what was found in the very same place when something else
	// moved there: overlap, and how long before.
	sceneryIoU = 0.85
	sceneryAge = shouwang.MediaTime(20 * shouwang.MediaRate)
)

// naming is what is known of one track's name.
type naming struct {
	asks  int
	next  shouwang.MediaTime // not before
	size  float64            // area when last asked about
	votes map[string]float64
	count map[string]int
	label string
	score float64
}

// seenThing is something found at a place, to know scenery by.
type seenThing struct {
	track uint64
	label string
	box   shouwang.Box
	at    shouwang.MediaTime
}

// Wants returns what should be asked about now: things of the living event
// that have no name yet, soon after they are confirmed, then again later or
// when they have come much closer. The slice is overwritten by the next call.
func (e *Eventer) Wants() []Want {
	e.wants = e.wants[:0]
	if !e.live {
		return e.wants
	}
	now := e.tracker.last
	for _, t := range e.tracker.Tracks {
		n := &t.naming
		if !t.Confirmed || t.missed > 0 || n.score >= sure || n.asks >= mostAsks {
			continue
		}
		if closer := n.asks > 0 && t.Area > 1.6*n.size && now >= n.next-shouwang.MediaRate; now < n.next && !closer {
			continue
		}
		n.asks++
		n.size = t.Area
		n.next = now + shouwang.MediaTime(math.Exp2(float64(n.asks-1))*0.6*shouwang.MediaRate)
		e.wants = append(e.wants, Want{Ticket: uint32(t.ID), Box: t.Box})
	}
	return e.wants
}

// Named takes an answer: what the thing of the ticket was taken for ("" for
// nothing), how surely, and where it was.
func (e *Eventer) Named(ticket uint32, label string, score float64, box shouwang.Box) {
	for _, t := range e.tracker.Tracks {
		if uint32(t.ID) != ticket || label == "" || score < likely {
			continue
		}
		if e.scenery(t.ID, label, box) {
			return
		}
		n := &t.naming
		if n.votes == nil {
			n.votes, n.count = map[string]float64{}, map[string]int{}
		}
		n.votes[label] = max(n.votes[label], score)
		n.count[label]++
		if best := n.votes[label]; (best >= sure || n.count[label] >= 2) && best > n.score {
			n.label, n.score = label, best
		}
		e.rename()
		return
	}
}

// rename gives the event the name of what it shows, or of whatever in it has
// one, and has that told with the next picture.
func (e *Eventer) rename() {
	if !e.live {
		return
	}
	label, score := "", 0.0
	for _, t := range e.tracker.Tracks {
		if !t.Confirmed || t.naming.label == "" {
			continue
		}
		if t.ID == e.lead {
			label, score = t.naming.label, t.naming.score
			break
		}
		if t.naming.score > score {
			label, score = t.naming.label, t.naming.score
		}
	}
	if label != "" && (label != e.event.Label || score > e.event.LabelScore) {
		e.event.Label, e.event.LabelScore = label, math.Round(100*score)/100
		e.told = 0 // tell soon
	}
}

// scenery notes what was found and reports whether the same stood in the same
// place long before, when something else moved: then it is no news.
func (e *Eventer) scenery(track uint64, label string, box shouwang.Box) bool {
	now, known := e.tracker.last, false
	for i := range e.found {
		f := &e.found[i]
		if f.label == label && f.track != track && now-f.at >= sceneryAge && f.box.IoU(box) >= sceneryIoU {
			known = true
			f.at = now - sceneryAge // stays known
		}
	}
	if !known {
		if len(e.found) == cap(e.found) {
			copy(e.found, e.found[1:])
			e.found = e.found[:len(e.found)-1]
		}
		e.found = append(e.found, seenThing{track, label, box, now})
	}
	return known
}
