package service

import (
	"context"
	"time"

	"shouwang"
	"shouwang/analyze/event"
)

const (
	// offlineAfter is how long none of a camera's streams may arrive before it
	// is offline: short enough to matter, longer than a camera takes to start.
	offlineAfter = 60 * time.Second
	offlineEvery = 5 * time.Second
)

// absence makes the camera_offline events. A camera that nobody may use is
// not connected to and hence never offline.
type absence struct {
	serial uint64
	down   map[shouwang.CameraID]*outage
}

// outage is a camera none of whose streams arrive.
type outage struct {
	since time.Time
	event shouwang.Event
	told  bool
}

// look takes the state of all streams and returns the events that begin or
// end. An outage begins when the camera was last seen, or when it was first
// missed.
func (a *absence) look(now time.Time, list []shouwang.StreamStatus) (out []shouwang.Event) {
	if a.down == nil {
		a.down = map[shouwang.CameraID]*outage{}
	}
	wanted, live, last := map[shouwang.CameraID]bool{}, map[shouwang.CameraID]bool{}, map[shouwang.CameraID]time.Time{}
	for _, s := range list {
		wanted[s.Camera] = wanted[s.Camera] || s.State != shouwang.LinkIdle
		live[s.Camera] = live[s.Camera] || s.State == shouwang.LinkLive
		if s.LastUnit.After(last[s.Camera]) {
			last[s.Camera] = s.LastUnit
		}
	}
	for id, want := range wanted {
		if o := a.down[id]; want && !live[id] && o == nil {
			since := last[id]
			if since.IsZero() {
				since = now
			}
			a.down[id] = &outage{since: since}
		}
	}
	for id, o := range a.down {
		switch back := !wanted[id] || live[id]; {
		case back && o.told:
			o.event.Phase, o.event.End = shouwang.PhaseEnd, now
			out = append(out, o.event)
			delete(a.down, id)
		case back:
			delete(a.down, id)
		case !o.told && now.Sub(o.since) >= offlineAfter:
			a.serial++
			o.told = true
			o.event = shouwang.Event{
				ID: event.NewID(id, o.since, a.serial) + "-offline", Camera: id, Kind: shouwang.KindCameraOffline,
				Phase: shouwang.PhaseBegin, Start: o.since, Peak: now, Score: 1,
			}
			out = append(out, o.event)
		}
	}
	return out
}

// watchAbsence tells of cameras that are offline until ctx ends.
func (n *node) watchAbsence(ctx context.Context) {
	var a absence
	for sleep(ctx, offlineEvery) {
		for _, e := range a.look(n.clock(), n.manager.Status()) {
			n.happened(e)
		}
	}
}
