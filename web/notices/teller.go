package notices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Teller decides who is to be told of what. It goes by what stands and by what
// was told, so nothing is lost while the service is down. It belongs to one
// goroutine.
type Teller struct {
	d     TellerDeps
	words words
	since map[string]time.Time // when each trouble was first seen
	gone  map[string]time.Time // when each that was told was first seen to be over
}

// TellerDeps are the teller's neighbours. Link is what the pages' address
// begins with; Staff are mail addresses, Hook whether a webhook is set up.
type TellerDeps struct {
	World   func() *policy.World
	Now     func() time.Time
	Log     *slog.Logger
	Outbox  Outbox
	Journal Journal
	Service Service

	Link, Lang string
	Staff      []string
	Hook       bool
	After      time.Duration // how long something is wrong before staff are told
}

// NewTeller makes a teller.
func NewTeller(d TellerDeps) (*Teller, error) {
	w, err := readWords()
	if err != nil {
		return nil, fmt.Errorf("read texts of notices: %w", err)
	}
	d.Link = strings.TrimSuffix(d.Link, "/")
	return &Teller{d: d, words: w, since: map[string]time.Time{}, gone: map[string]time.Time{}}, nil
}

// Tick posts what is to be told now. Its error joins what could not be; the
// rest is told all the same.
func (t *Teller) Tick(ctx context.Context) error {
	list, err := t.d.Outbox.Subscribers(ctx)
	if err != nil {
		return err
	}
	told, err := t.d.Outbox.Told(ctx, "my/")
	if err != nil {
		return err
	}
	mine := t.owned()
	stands := map[string]bool{}
	var failed []error
	for i := range list {
		s := &list[i]
		if _, there := t.d.World().Principal(s.Person); !there { // an address is kept for somebody
			failed = append(failed, t.d.Outbox.Forget(ctx, s.Person))
			continue
		}
		failed = append(failed, t.looks(ctx, s, mine[s.Person]), t.standing(ctx, s, mine[s.Person], told, stands))
	}
	if errors.Join(failed...) == nil { // else it is not known what stands
		failed = append(failed, t.prune(ctx, told, stands))
	}
	return errors.Join(append(failed, t.staff(ctx))...)
}

// prune forgets that something was told once it no longer stands: should it
// stand again, it is news.
func (t *Teller) prune(ctx context.Context, told, stands map[string]bool) error {
	var over []string
	for key := range told {
		if !stands[key] {
			over = append(over, key)
		}
	}
	if len(over) == 0 {
		return nil
	}
	slices.Sort(over)
	return t.d.Outbox.Post(ctx, nil, Told{Forget: over})
}

// owned returns the cameras of each resident.
func (t *Teller) owned() map[string][]*policy.Camera {
	out := map[string][]*policy.Camera{}
	for _, cam := range t.d.World().Cameras() {
		out[cam.Owner] = append(out[cam.Owner], cam)
	}
	return out
}

// standing tells of what stands now and was not told: an agreement that ends, a
// view that changed, a withdrawal that was carried out. It notes in stands the
// key of each.
func (t *Teller) standing(ctx context.Context, s *Subscriber, cameras []*policy.Camera, told, stands map[string]bool) error {
	now, world := t.d.Now(), t.d.World()
	p := pile{t: t, s: s, told: told, stands: stands}
	for _, cam := range cameras {
		if cam.Quarantined {
			p.add("my/"+s.Person+"/view/"+cam.ID, "view", cam, "/my")
		}
		for _, c := range world.CurrentConsents(cam.ID) {
			if ends := c.NotAfter; (c.State.Live() || c.State == policy.Paused) && now.Before(ends) && ends.Before(now.Add(policy.RenewWithin)) {
				p.add(fmt.Sprintf("my/%s/renew/%s/%d", s.Person, c.ID, ends.Unix()), "renew", cam, "/my", "day", t.day(ends, s.Lang))
			}
			at := withdrawnAt(c)
			key := fmt.Sprintf("my/%s/withdrawn/%s/%d", s.Person, c.ID, at.UnixMilli())
			if at.IsZero() || at.Before(s.Since) {
				continue
			}
			if stands[key] = true; told[key] {
				continue
			}
			if paper, err := t.d.Service.Withdrawn(ctx, c); err != nil {
				return err
			} else if paper != "" {
				p.add(key, "withdrawn", cam, "/my/"+string(cam.CameraID())+"/papers")
				p.letters[len(p.letters)-1].Paper = paper
			}
		}
	}
	return p.post(ctx)
}

// withdrawnAt is when a consent that is withdrawn was; zero for any other.
func withdrawnAt(c *policy.Consent) time.Time {
	if c.State != policy.Withdrawn {
		return time.Time{}
	}
	for i := len(c.Events) - 1; i >= 0; i-- {
		if e := &c.Events[i]; e.Type == string(policy.StepWithdraw) {
			return e.Time
		}
	}
	return time.Time{}
}

// pile gathers letters to one resident.
type pile struct {
	t       *Teller
	s       *Subscriber
	told    map[string]bool
	stands  map[string]bool
	letters []Letter
	settles Told
}

func (p *pile) add(key, kind string, cam *policy.Camera, path string, pairs ...string) {
	if p.stands[key] = true; p.told[key] {
		return
	}
	pairs = append(pairs, "camera", nameOf(cam, p.s.Lang))
	p.letters = append(p.letters, Letter{
		Person: p.s.Person, To: p.s.Address, Kind: kind, Link: p.t.d.Link + path,
		Subject: p.t.words.say(p.s.Lang, kind+".subject", pairs...), Text: p.t.words.say(p.s.Lang, kind+".text", pairs...),
	})
	p.settles.Keys = append(p.settles.Keys, key)
}

func (p *pile) post(ctx context.Context) error {
	if len(p.settles.Keys) == 0 {
		return nil
	}
	return p.t.d.Outbox.Post(ctx, p.letters, p.settles)
}

func nameOf(cam *policy.Camera, lang string) string {
	if lang == "en" {
		return cmp.Or(cam.NameEn, cam.Name, string(cam.CameraID()))
	}
	return cmp.Or(cam.Name, string(cam.CameraID()))
}

func (t *Teller) day(at time.Time, lang string) string {
	layout := "2006年1月2日"
	if lang == "en" {
		layout = "2 January 2006"
	}
	return at.In(t.d.World().Zone()).Format(layout)
}

func span(from, to time.Time) shouwang.Span { return shouwang.Span{From: from, To: to} }
