package policy

import (
	"sync"
	"time"
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
	case ViewLive, Playback, Export, Unmask:
		return s.who.Type != TypeKiosk
	}
	return false
}

func lookKey(s *scene) string {
	key := s.who.ID + "\x00" + s.req.Case + "\x00" + s.req.Incident
	if s.footage != nil {
		key += "\x00" + s.footage.ID + "\x00" + s.captured.From.String()
	}
	return key
}

// today returns how many other looks there were at the camera today.
func (l *looks) today(s *scene) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.of[s.cam.ID]
	if of == nil || l.day != dayOf(s) {
		return 0
	}
	if last, ok := of.last[lookKey(s)]; ok && s.at.Sub(last) < sameLook {
		return of.count - 1
	}
	return of.count
}

// note counts an allowed look.
func (l *looks) note(s *scene) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roll(s)
	of := l.of[s.cam.ID]
	if of == nil {
		of = &looksOf{last: map[string]time.Time{}}
		l.of[s.cam.ID] = of
	}
	key := lookKey(s)
	if last, ok := of.last[key]; !ok || s.at.Sub(last) >= sameLook {
		of.count++
	}
	of.last[key] = s.at
}

func (l *looks) roll(s *scene) {
	if day := dayOf(s); day != l.day || l.of == nil {
		l.day, l.of = day, map[string]*looksOf{}
	}
}

// dayOf returns the local day of the request, as a number that only that day has.
func dayOf(s *scene) int {
	t := s.at.In(s.world.zone)
	return t.Year()*1000 + t.YearDay()
}
