package gate

import (
	"strconv"
	"sync"
	"time"

	"shouwang/policy"
)

// sameLook is how long after an answer the same person asking for the same
// reason is still at the same look: a live ticket asks every 15 seconds.
const sameLook = 30 * time.Minute

// looks counts the looks at each camera on the current day, in the world's
// time zone. It forgets yesterday.
type looks struct {
	mu  sync.Mutex
	day int
	of  map[string]*looksOf
}

type looksOf struct {
	count int
	last  map[string]time.Time // by who and why
}

// counted says whether the owner's limit of looks applies.
func counted(s *scene) bool { return s.basis == basisConsent && s.footageOrLive() && s.consent != nil }

func (s *scene) footageOrLive() bool {
	switch s.req.Action {
	case policy.ViewLive, policy.Playback, policy.Export, policy.Unmask:
		return s.who.Type != policy.TypeKiosk
	}
	return false
}

// lookKey says which looks are one and the same: by whom, why, and at which
// recording.
func lookKey(who, kase, incident string, captured time.Time) string {
	key := who + "\x00" + kase + "\x00" + incident
	if !captured.IsZero() {
		key += "\x00" + strconv.FormatInt(captured.UnixMilli(), 36)
	}
	return key
}

func (s *scene) lookKey() string {
	var captured time.Time
	if s.footage != nil {
		captured = s.captured.From
	}
	return lookKey(s.who.ID, s.req.Case, s.req.Incident, captured)
}

// today returns how many other looks there were at the camera today.
func (l *looks) today(s *scene) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.of[s.cam.ID]
	if of == nil || l.day != dayOf(s.at, s.world) {
		return 0
	}
	if last, ok := of.last[s.lookKey()]; ok && s.at.Sub(last) < sameLook {
		return of.count - 1
	}
	return of.count
}

// note counts an allowed look at the camera.
func (l *looks) note(camera, key string, at time.Time, w *policy.World) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(dayOf(at, w))
	of := l.of[camera]
	if of == nil {
		of = &looksOf{last: map[string]time.Time{}}
		l.of[camera] = of
	}
	if last, ok := of.last[key]; !ok || at.Sub(last) >= sameLook {
		of.count++
	}
	of.last[key] = at
}

func (l *looks) roll(day int) {
	if day != l.day || l.of == nil {
		l.day, l.of = day, map[string]*looksOf{}
	}
}

// dayOf returns the local day of a moment, as a number that only that day has.
func dayOf(at time.Time, w *policy.World) int {
	t := at.In(w.Zone())
	return t.Year()*1000 + t.YearDay()
}

// Recall counts the looks that the access log has of the present day: looks
// that were made before this process began. Without it a restart would give
// every officer the owner's looks a day once more. Entries of other days and
// kinds are passed over; the order is the log's, oldest first.
func (g *Gate) Recall(entries []policy.Entry) {
	w, now := g.World(), g.clock()
	for i := range entries {
		e := &entries[i]
		if e.Decision != "allow" || e.Kind != "look" && e.Kind != "export" || e.Consent == "" || dayOf(e.At, w) != dayOf(now, w) {
			continue
		}
		if p, ok := w.Principal(e.Principal); ok && p.Type == policy.TypeKiosk || e.Action == policy.ApproveView {
			continue // neither counts towards the limit
		}
		g.looks.note(e.Camera, lookKey(e.Principal, e.Case, e.Incident, e.From), e.At, w)
	}
}
