package notices

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"shouwang/policy"
)

const (
	// lag is how much younger than now a look must not be: it is in the log
	// before its first picture leaves, and not before the instant it is noted for.
	lag = 30 * time.Second
	// gatherFor is how far apart notices "at once" are: the first comes at once,
	// what follows comes together.
	gatherFor = 15 * time.Minute
	// digestAt is the hour of the day's digest, in the township's zone.
	digestAt = 18
)

// looks tells of looks at somebody's cameras, at once or once a day. What an
// approver had put off is told by the next digest after it opens, and not
// before, whichever was chosen.
func (t *Teller) looks(ctx context.Context, s *Subscriber, cameras []*policy.Camera) error {
	to := t.d.Now().Add(-lag)
	if s.Looks == Once && to.Sub(s.AtOnce) >= gatherFor-lag {
		from := latest(s.AtOnce, s.Daily)
		found, err := t.find(ctx, s, cameras, window{from: from, to: to})
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return t.d.Outbox.Post(ctx, []Letter{t.digest(s, found, from)}, Told{Person: s.Person, AtOnce: to})
		}
	}
	if s.Looks == Off || !t.digestDue(s.Daily) {
		return nil
	}
	w := window{from: latest(s.AtOnce, s.Daily), to: to, openedFrom: s.Daily}
	found, err := t.find(ctx, s, cameras, w)
	if err != nil {
		return err
	}
	var letters []Letter
	if len(found) > 0 {
		letters = []Letter{t.digest(s, found, s.Daily)}
	}
	return t.d.Outbox.Post(ctx, letters, Told{Person: s.Person, Daily: to})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// digestDue reports whether the last digest is older than the last time that
// one was due.
func (t *Teller) digestDue(last time.Time) bool {
	now := t.d.Now().In(t.d.World().Zone())
	due := time.Date(now.Year(), now.Month(), now.Day(), digestAt, 0, 0, 0, now.Location())
	if now.Before(due) {
		due = due.AddDate(0, 0, -1)
	}
	// A digest tells up to lag before it is made.
	return last.Before(due.Add(-lag)) && !now.Add(-lag).Before(due)
}

// window is what is to be told: looks that are no secret between from and to,
// and with openedFrom those whose seal ended since.
type window struct{ from, to, openedFrom time.Time }

// told is looks of one unit at one camera.
type told struct {
	camera, unit string
	opened       bool
}

func (t *Teller) find(ctx context.Context, s *Subscriber, cameras []*policy.Camera, w window) (map[told]int, error) {
	found := map[told]int{}
	back := w.from
	if !w.openedFrom.IsZero() {
		back = w.openedFrom.Add(-policy.LongestDeferral)
	}
	for _, cam := range cameras {
		entries, err := t.d.Journal.Looks(ctx, cam.ID, span(back, w.to))
		if err != nil {
			return nil, err
		}
		var about []policy.Numbered
		if slices.ContainsFunc(entries, func(e policy.Numbered) bool { return e.Case != "" }) {
			// A deferral is older than the look that it is about, by at most as long.
			if about, err = t.d.Journal.Deferrals(ctx, cam.ID, span(back.Add(-policy.LongestDeferral), t.d.Now())); err != nil {
				return nil, err
			}
		}
		for _, e := range entries {
			if opened, tell := w.tells(e, about, s.Person); tell {
				found[told{nameOf(cam, s.Lang), t.unit(e.Unit, s.Lang), opened}]++
			}
		}
	}
	return found, nil
}

// tells reports whether an entry is to be told, and whether it was sealed.
func (w *window) tells(e policy.Numbered, about []policy.Numbered, reader string) (opened, tell bool) {
	if e.Kind != "look" && e.Kind != "export" || e.Principal == reader {
		return false, false
	}
	within := func(at, from time.Time) bool { return !at.Before(from) && at.Before(w.to) }
	switch until, _ := policy.SealedUntil(e, about); {
	case until.IsZero():
		return false, within(e.At, w.from)
	case w.openedFrom.IsZero():
		return true, false
	default:
		return true, within(until, w.openedFrom)
	}
}

func (t *Teller) unit(id, lang string) string {
	u, ok := t.d.World().Unit(id)
	switch {
	case !ok:
		return t.words.say(lang, "looks.nobody")
	case lang == "en":
		return cmp.Or(u.NameEn, u.Name, u.ID)
	}
	return cmp.Or(u.Name, u.ID)
}

// digest names cameras and units, never a person.
func (t *Teller) digest(s *Subscriber, found map[told]int, from time.Time) Letter {
	var lines []string
	for k, n := range found {
		key := "looks.line"
		if k.opened {
			key = "looks.opened"
		}
		lines = append(lines, t.words.say(s.Lang, key, "camera", k.camera, "unit", k.unit, "n", strconv.Itoa(n)))
	}
	slices.Sort(lines)
	when := t.day(from, s.Lang) + from.In(t.d.World().Zone()).Format(" 15:04")
	text := t.words.say(s.Lang, "looks.text", "from", when) + "\n" + strings.Join(lines, "\n") + "\n\n" + t.words.say(s.Lang, "looks.end")
	return Letter{
		Person: s.Person, To: s.Address, Kind: "looks", Link: t.d.Link + "/my",
		Subject: t.words.say(s.Lang, "looks.subject"), Text: text,
	}
}
