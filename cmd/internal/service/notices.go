package service

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/ledger"
	outbox "shouwang/storage/notices"
	"shouwang/web/front"
	"shouwang/web/health"
	"shouwang/web/look"
	"shouwang/web/notices"
)

// openNotices opens what waits to be sent out of the house.
func (s *Service) openNotices(ctx context.Context) (err error) {
	s.notices, err = outbox.Open(ctx, s.cfg.Data, s.cfg.path("secret.key"), s.cfg.Notices, s.clock, s.log)
	if err != nil {
		return err
	}
	s.closeWith("notices", s.notices)
	s.metrics.MustRegister(noticeMetrics{s.notices})
	return nil
}

func (s *Service) noticesRoom() func(*front.Front, *look.Looks) {
	return notices.Routes(notices.Deps{People: addressBook{s.notices}, Outbox: postbox{s.notices}})
}

// tellPeople tells whom it concerns, until ctx ends.
func (s *Service) tellPeople(ctx context.Context) {
	cfg := &s.cfg.Notices
	t, err := notices.NewTeller(notices.TellerDeps{
		World: s.node.gate.World, Now: s.clock, Log: s.log, Outbox: postbox{s.notices}, Journal: lookJournal{s.ledger}, Service: standing{s},
		Link: cfg.PublicURL, Lang: s.cfg.Language, Staff: cfg.Staff.Mail, Hook: cfg.Staff.Webhook != "", After: cfg.After,
	})
	if err != nil {
		s.log.Error("nobody is told anything by mail", "error", err)
		return
	}
	for sleep(ctx, cfg.Every) {
		if err := t.Tick(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("not everybody could be told", "error", err)
		}
	}
}

// addressBook keeps who is written to.
type addressBook struct{ *outbox.Store }

// Of returns what is known of a person.
func (a addressBook) Of(ctx context.Context, person string) (notices.Mine, error) {
	sub, err := a.Store.Of(ctx, person)
	return notices.Mine{Address: sub.Address, Pending: sub.Pending, Looks: sub.Looks, Until: sub.CodeUntil, Refused: sub.Refused, RefusedAt: sub.RefusedAt}, err
}

// postbox takes letters.
type postbox struct{ store *outbox.Store }

// Post keeps letters to be sent and what they settle.
func (p postbox) Post(ctx context.Context, letters []notices.Letter, told notices.Told) error {
	out := make([]outbox.Letter, len(letters))
	for i, l := range letters {
		out[i] = outbox.Letter{Person: l.Person, To: l.To, Kind: l.Kind, Subject: l.Subject, Text: l.Text, Link: l.Link, Paper: l.Paper, Facts: l.Facts}
	}
	return p.store.Post(ctx, out, outbox.Told(told))
}

// Told returns the keys with the prefix that were told.
func (p postbox) Told(ctx context.Context, prefix string) (map[string]bool, error) {
	return p.store.Told(ctx, prefix)
}

// Forget removes somebody's address and what waits for them.
func (p postbox) Forget(ctx context.Context, person string) error { return p.store.Forget(ctx, person) }

// Subscribers returns everybody with a confirmed address.
func (p postbox) Subscribers(ctx context.Context) ([]notices.Subscriber, error) {
	list, err := p.store.Subscribers(ctx)
	out := make([]notices.Subscriber, len(list))
	for i := range list {
		s := &list[i]
		out[i] = notices.Subscriber{
			Person: s.Person, Address: s.Address, Lang: s.Lang, Looks: s.Looks, Since: s.Since, Daily: s.Daily, AtOnce: s.AtOnce,
		}
	}
	return out, err
}

// lookJournal reads the access log for whoever tells of looks.
type lookJournal struct{ ledger *ledger.Ledger }

// Looks returns looks and exports of a camera.
func (j lookJournal) Looks(ctx context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error) {
	return j.entries(ctx, camera, span, "look", "export")
}

// Deferrals returns what put off or revealed notices of a camera's looks.
func (j lookJournal) Deferrals(ctx context.Context, camera string, span shouwang.Span) ([]policy.Numbered, error) {
	return j.entries(ctx, camera, span, policy.KindDefer, policy.KindReveal)
}

func (j lookJournal) entries(ctx context.Context, camera string, span shouwang.Span, kinds ...string) ([]policy.Numbered, error) {
	found, err := j.ledger.Entries(ctx, ledger.Query{Camera: camera, Kinds: kinds, Span: span, Limit: 10_000})
	out := make([]policy.Numbered, len(found))
	for i := range found {
		out[i] = policy.Numbered{Index: found[i].Index, Entry: &found[i].Entry}
	}
	return out, err
}

// standing is what stands in the running service.
type standing struct{ s *Service }

// Troubles is what the system page finds, with each camera that is away by name.
func (t standing) Troubles(ctx context.Context) ([]health.Trouble, error) {
	n := t.s.node
	facts, err := parts(t).Facts(ctx)
	facts.Offline = 0
	list, world := health.Find(facts, err), n.gate.World()
	for _, id := range parts(t).away() {
		list = append(list, health.Trouble{Code: health.CamerasOffline, Level: health.Warn, Subject: cameraName(world, id, t.s.cfg.Language)})
	}
	for _, cam := range world.Cameras() {
		if cam.Quarantined {
			list = append(list, health.Trouble{Code: health.ViewDrifted, Level: health.Warn, Subject: cameraName(world, cam.CameraID(), t.s.cfg.Language)})
		}
	}
	return list, nil
}

func cameraName(w *policy.World, id shouwang.CameraID, lang string) string {
	cam, ok := w.Camera(policy.CameraResource(id))
	switch {
	case ok && lang == "en" && cam.NameEn != "":
		return cam.NameEn
	case ok && cam.Name != "":
		return cam.Name
	}
	return string(id)
}

// Withdrawn returns the signed receipt of a withdrawal, "" until it was given.
// What was erased later makes versions of its own.
func (t standing) Withdrawn(ctx context.Context, c *policy.Consent) (string, error) {
	for version := c.Version; version > 0 && version > c.Version-3; version-- {
		r, err := t.s.consents().Receipt(ctx, receiptID(c.ID, version))
		switch {
		case err == nil && r.State == string(policy.Withdrawn):
			return r.Signed, nil
		case err != nil && shouwang.CodeOf(err) != shouwang.CodeNotFound:
			return "", err
		}
	}
	return "", nil
}

// noticeMetrics tells how the sending does.
type noticeMetrics struct{ store *outbox.Store }

var (
	noticesWaiting = prometheus.NewDesc("shouwang_notices_waiting", "Notices to people that wait to be sent.", nil, nil)
	noticesSent    = prometheus.NewDesc("shouwang_notices_sent_total", "Notices to people that were sent.", nil, nil)
	noticesFailed  = prometheus.NewDesc("shouwang_notices_failed_total", "Tries that the mail server or webhook did not take.", nil, nil)
	noticesLost    = prometheus.NewDesc("shouwang_notices_lost_total", "Notices given up after three days, or not kept because too many waited.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m noticeMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{noticesWaiting, noticesSent, noticesFailed, noticesLost} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m noticeMetrics) Collect(out chan<- prometheus.Metric) {
	st, err := m.store.State(context.Background())
	if err != nil {
		return
	}
	out <- prometheus.MustNewConstMetric(noticesWaiting, prometheus.GaugeValue, float64(st.Waiting))
	for d, v := range map[*prometheus.Desc]uint64{noticesSent: st.Totals.Sent, noticesFailed: st.Totals.Failed, noticesLost: st.Totals.Lost} {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v))
	}
}
