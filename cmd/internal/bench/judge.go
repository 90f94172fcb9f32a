package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/storage"
	"shouwang/storage/catalog"
)

// tally is what the catalog says of a part.
type tally struct {
	known, found, spurious int
	events                 int // that ended
	recorded, whole        int // of them: with a recording; with all of their pre-roll
	gaps                   map[string]int
}

// judge reads what was stored and prints it beside what was known to happen.
func (r *fleet) judge(ctx context.Context) error {
	db, err := catalog.Open(ctx, filepath.Join(r.Data, "catalog.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	var broken []error
	for i := range r.parts {
		p := &r.parts[i]
		t, err := r.tally(ctx, db, p)
		if err != nil {
			return err
		}
		r.print(p, t)
		broken = append(broken, r.promises(p, t)...)
	}
	return errors.Join(broken...)
}

// tally compares the events and recordings of a part with what was played.
func (r *fleet) tally(ctx context.Context, db *catalog.DB, p *part) (*tally, error) {
	t := &tally{gaps: map[string]int{}}
	for i := range p.cameras {
		id := cameraID(i)
		segments, err := db.Segments(ctx, id, shouwang.StreamMain, shouwang.Span{From: p.from.Add(-time.Minute), To: r.ran})
		if err != nil {
			return nil, err
		}
		events, err := db.Events(ctx, catalog.EventQuery{Camera: id, Span: shouwang.Span{From: p.from.Add(-time.Minute), To: p.to}, Limit: 10000})
		if err != nil {
			return nil, err
		}
		gaps, err := db.Gaps(ctx, id, shouwang.StreamMain, shouwang.Span{From: p.from, To: p.to})
		if err != nil {
			return nil, err
		}
		for _, g := range gaps {
			t.gaps[string(g.Cause)]++
		}
		t.count(r.visits(i, p), p, events, segments)
	}
	return t, nil
}

// slack is how far an event may lie beside the visit it shows: pictures and
// events come a little late, and an event begins and ends softly.
const slack = 4 * time.Second

// count compares one camera's events with what was played before it.
func (t *tally) count(visits []shouwang.Span, p *part, events []catalog.StoredEvent, segments []storage.Segment) {
	near := func(e *catalog.StoredEvent, v shouwang.Span) bool {
		end := e.End
		if end.IsZero() {
			end = p.to
		}
		return e.Start.Before(v.To.Add(slack)) && end.After(v.From.Add(-slack))
	}
	for _, v := range visits {
		if v.From.Before(p.from) || v.To.Add(2*slack).After(p.to) {
			continue
		}
		t.known++
		if slices.ContainsFunc(events, func(e catalog.StoredEvent) bool { return near(&e, v) }) {
			t.found++
		}
	}
	for i := range events {
		e := &events[i]
		if e.Start.Before(p.from.Add(slack)) || e.Start.After(p.to.Add(-3*slack)) {
			continue
		}
		if !slices.ContainsFunc(visits, func(v shouwang.Span) bool { return near(e, v) }) {
			t.spurious++
		}
		if e.End.IsZero() {
			continue
		}
		t.events++
		if covered(shouwang.Span{From: e.Start, To: e.End}, segments) {
			t.recorded++
		}
		if covered(shouwang.Span{From: e.Start.Add(-9 * time.Second), To: e.End}, segments) {
			t.whole++
		}
	}
}

// covered reports whether the segments hold all of a span, but for a second
// where one follows another.
func covered(span shouwang.Span, segments []storage.Segment) bool {
	at := span.From
	for _, s := range segments { // in the order of time
		if !s.From.After(at.Add(time.Second)) && s.To.After(at) {
			at = s.To
		}
	}
	return !at.Before(span.To)
}

// visits are the walks that a camera was shown from a minute before the part on.
func (r *fleet) visits(camera int, p *part) []shouwang.Span {
	loop := r.clip.Duration.Duration()
	first := r.clip.Frames[phase(r.clip, camera)].PTS.Duration()
	started, ok := r.started(camera)
	if !ok {
		return nil
	}
	var out []shouwang.Span
	for n := range int(p.to.Sub(started)/loop) + 2 {
		for _, v := range r.stream.street().Visits {
			from := started.Add(time.Duration(n)*loop + v.Start - first)
			if span := (shouwang.Span{From: from, To: from.Add(v.Lasts)}); span.To.After(p.from.Add(-time.Minute)) && span.From.Before(p.to) {
				out = append(out, span)
			}
		}
	}
	return out
}

// started is when a camera showed the picture it began with.
func (r *fleet) started(camera int) (time.Time, bool) {
	if r.RTSP {
		return r.played, true
	}
	return r.replay.started(cameraID(camera))
}

// outcome is a part in three numbers.
type outcome struct {
	perCore   float64 // cameras a core
	megabytes float64 // a camera, beyond what an empty service takes
	cut       int     // cameras that were cut under load at the end
	others    float64 // cores that other programs took
	broken    error   // the promise that was not kept
}

func (r *fleet) outcome(p *part) *outcome {
	dt := p.end.at.Sub(p.first.at).Seconds()
	cores := (p.end.service - p.first.service + p.end.analyzer - p.first.analyzer).Seconds() / dt
	o := &outcome{perCore: float64(p.cameras) / cores, others: p.end.others(p.first)}
	o.megabytes = float64(p.end.memory-r.empty) / 1e6 / float64(p.cameras)
	for _, s := range []cascade.Step{cascade.StepPresence, cascade.StepSparse, cascade.StepRare} {
		if s == cascade.StepPresence && r.Policy == string(cascade.Presence) {
			continue // who is looked at so anyway is not cut
		}
		o.cut += int(p.end.values["shed_cameras,"+s.String()])
	}
	return o
}

func (r *fleet) print(p *part, t *tally) {
	out := r.o.Out
	dt := p.end.at.Sub(p.first.at).Seconds()
	own, theirs := (p.end.service-p.first.service).Seconds()/dt, (p.end.analyzer-p.first.analyzer).Seconds()/dt
	fmt.Fprintf(out, "\n%s: %d cameras for %.0f s\n", p.name, p.cameras, dt)
	fmt.Fprintf(out, "  CPU: service %.2f + analyzers %.2f cores: %.2f ms a camera and second, %.0f cameras a core; playing the cameras %.2f, other programs %.2f\n",
		own, theirs, 1000*(own+theirs)/float64(p.cameras), float64(p.cameras)/(own+theirs), (p.end.cameras-p.first.cameras).Seconds()/dt, p.end.others(p.first))
	fmt.Fprintf(out, "  memory: %.2f GB empty, %.2f at first, %.2f half way, %.2f at the end: %.2f MB a camera beyond the empty service; of the end's the service %.2f, analyzers %.2f GB\n",
		float64(r.empty)/1e9, float64(p.first.memory)/1e9, float64(p.mid.memory)/1e9, float64(p.end.memory)/1e9, r.outcome(p).megabytes,
		float64(p.end.private)/1e9, float64(p.end.memory-p.end.private)/1e9)
	fmt.Fprintf(out, "  recording: gaps %s; recorder overflows %.0f; of %d events %d are recorded whole, %d with all of the 10 s before them\n",
		list(t.gaps), p.end.values["reader_overflows_total,recorder"], t.events, t.recorded, t.whole)
	fmt.Fprintf(out, "  events: %d of %d walks found, %d events of nothing; lost on the way to the catalog %.0f\n", t.found, t.known, t.spurious, p.end.values["events_lost_total"])
	fmt.Fprintf(out, "  queues: units waiting %.0f half way, %.0f at the end; dropped %.0f; events waiting %.0f; analysis skipped %.0f\n",
		p.mid.values["analysis_waiting_units"], p.end.values["analysis_waiting_units"], p.end.values["analysis_units_total,dropped"]-p.first.values["analysis_units_total,dropped"],
		p.end.values["events_queued"], p.end.values["reader_skipped_total,analysis"]-p.first.values["reader_skipped_total,analysis"])
	fmt.Fprintf(out, "  shedding: cameras at none/audit/presence/sparse/rare at the end %s; brought there", p.end.steps())
	for _, s := range cascade.Steps {
		name := "shed_changes_total," + s.String()
		fmt.Fprintf(out, " %s %.0f", s, p.end.values[name]-p.first.values[name])
	}
	fmt.Fprintln(out, " times")
	stages := []string{}
	for _, s := range []string{"decode", "pixels", "tracks"} {
		name := "analysis_stage_seconds_total," + s
		stages = append(stages, fmt.Sprintf("%s %.3f", s, 1000*(p.end.values[name]-p.first.values[name])/dt/float64(p.cameras)))
	}
	fmt.Fprintf(out, "  stages, ms a camera and second: %s\n", strings.Join(stages, ", "))
}

// promises returns what was promised and not kept.
func (r *fleet) promises(p *part, t *tally) (broken []error) {
	fail := func(format string, args ...any) {
		broken = append(broken, fmt.Errorf(p.name+": "+format, args...))
	}
	if n := len(t.gaps); n > 0 {
		fail("recording has gaps: %s", list(t.gaps))
	}
	if v := p.end.values["reader_overflows_total,recorder"]; v > 0 {
		fail("a recorder's queue overran %.0f times", v)
	}
	if v := p.end.values["events_lost_total"]; v > 0 {
		fail("%.0f events were lost", v)
	}
	// Two units a camera are a fifth of a second; of few cameras, two seconds may wait at the moment of counting.
	if a, b := p.mid.values["analysis_waiting_units"], p.end.values["analysis_waiting_units"]; b > 2*a+float64(max(2*p.cameras, 200)) {
		fail("the queue grew from %.0f units to %.0f", a, b)
	}
	// In less time the history is still filling.
	if growth := float64(p.end.memory-p.mid.memory) / float64(p.mid.memory); growth > 0.15 && p.lasts >= 2*time.Minute {
		fail("memory grew by %.0f %% in the second half", 100*growth)
	}
	if math.IsNaN(p.end.worst("shed_late_seconds")) {
		fail("no analyzer was measured")
	}
	return broken
}

func list(counts map[string]int) string {
	if len(counts) == 0 {
		return "none"
	}
	var out []string
	for cause, n := range counts {
		out = append(out, fmt.Sprintf("%s %d", cause, n))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
