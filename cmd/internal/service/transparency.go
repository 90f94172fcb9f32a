package service

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/complaints"
	"shouwang/storage/ledger"
	"shouwang/web/transparency"
)

// transparencyRoom joins the room of the access log to the log.
func (s *Service) transparencyRoom() transparency.Deps {
	return transparency.Deps{
		Public: publicLog{s.ledger, s.cosigner}, Looks: looks{s.ledger}, Gate: s.node.gate,
		Journal: journal{s.ledger.Reader()}, Area: s.cfg.Transparency.Area, Complaints: outside{s.complaints, s.cfg.Complaints},
	}
}

// openComplaints opens what is complained of.
func (s *Service) openComplaints(ctx context.Context) (err error) {
	s.complaints, err = complaints.Open(ctx, s.cfg.Data, s.cfg.path("secret.key"), s.cfg.Complaints, s.clock, s.log)
	if err != nil {
		return err
	}
	s.closeWith("complaints", s.complaints)
	return nil
}

// outside keeps complaints for web.
type outside struct {
	store *complaints.Store
	cfg   complaints.Config
}

func told(c complaints.Complaint, err error) (transparency.Complaint, error) {
	return transparency.Complaint(c), err
}

// Add keeps a complaint.
func (o outside) Add(ctx context.Context, c transparency.Complaint) (transparency.Complaint, error) {
	return told(o.store.Add(ctx, complaints.Complaint(c)))
}

// Answer keeps the oversight's answer.
func (o outside) Answer(ctx context.Context, id, answer, by string) (transparency.Complaint, error) {
	return told(o.store.SetAnswer(ctx, id, answer, by))
}

// List returns complaints, newest first.
func (o outside) List(ctx context.Context, by string) ([]transparency.Complaint, error) {
	found, err := o.store.List(ctx, by)
	out := make([]transparency.Complaint, len(found))
	for i, c := range found {
		out[i] = transparency.Complaint(c)
	}
	return out, err
}

// Body names who gets them.
func (o outside) Body(lang string) string {
	if lang == "en" && o.cfg.BodyEn != "" {
		return o.cfg.BodyEn
	}
	return o.cfg.Body
}

// journal reads the log for whoever counts.
type journal struct{ reader *ledger.Reader }

// Key returns the public key.
func (j journal) Key() string { return j.reader.Key() }

// Walk visits every entry of a time.
func (j journal) Walk(ctx context.Context, from, to time.Time, visit func(policy.Entry, uint64) error) (transparency.Stretch, error) {
	rng, err := j.reader.Walk(ctx, from, to, func(e ledger.Logged) error { return visit(e.Entry, e.Index) })
	return transparency.Stretch(rng), err
}

// Notices returns deferrals of notices and their ends.
func (j journal) Notices(ctx context.Context, from, to time.Time) ([]policy.Numbered, error) {
	found, err := j.reader.Entries(ctx, ledger.Query{Kinds: []string{policy.KindDefer, policy.KindReveal}, Span: shouwang.Span{From: from, To: to}, Limit: 10_000})
	out := make([]policy.Numbered, len(found))
	for i := range found {
		out[i] = policy.Numbered{Index: found[i].Index, Entry: &found[i].Entry}
	}
	return out, err
}

// Report counts a month of the log in the data folder, also beside the service
// that writes it.
func Report(ctx context.Context, cfg Config, month string, log *slog.Logger) (*transparency.Report, error) {
	reg, err := OpenRegistry(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer reg.Close()
	world, err := reg.World(ctx)
	if err != nil {
		return nil, err
	}
	reader, err := ledger.OpenReader(ledger.Config{Dir: cfg.path("ledger")})
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return transparency.Count(ctx, journal{reader}, world, month, cfg.Transparency.Area, time.Now())
}

// openWitnesses joins the log to those who cosign it.
func (s *Service) openWitnesses(context.Context) (err error) {
	if s.cosigner, err = ledger.NewCosigner(s.ledger, s.cfg.Transparency.CosignConfig, s.clock); err != nil {
		return err
	}
	s.metrics.MustRegister(logMetrics{publicLog{s.ledger, s.cosigner}})
	return nil
}

// logMetrics tells how the log and its witnesses stand.
type logMetrics struct{ log publicLog }

var (
	logSize     = prometheus.NewDesc("shouwang_log_entries", "Entries of the access log under its newest checkpoint.", nil, nil)
	logCosigned = prometheus.NewDesc("shouwang_log_cosigned_entries", "Entries under the newest checkpoint that enough witnesses have cosigned.", nil, nil)
	logFailing  = prometheus.NewDesc("shouwang_log_failing", "1 while the access log takes no entries and nothing is shown.", nil, nil)
	witnessAway = prometheus.NewDesc("shouwang_log_witness_away", "1 while a witness does not cosign.", []string{"witness"}, nil)
	witnessSays = prometheus.NewDesc("shouwang_log_witness_refuses", "1 while a witness says that it has seen another history of the log.", []string{"witness"}, nil)
)

// Describe implements prometheus.Collector.
func (m logMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{logSize, logCosigned, logFailing, witnessAway, witnessSays} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m logMetrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	flag := map[bool]float64{true: 1}
	state := m.log.State(context.Background())
	gauge(logSize, float64(state.Size))
	gauge(logCosigned, float64(state.Cosigned))
	gauge(logFailing, flag[state.Failing != ""])
	for _, w := range state.Witnesses {
		gauge(witnessAway, flag[w.Away], w.Name)
		gauge(witnessSays, flag[w.Refuses], w.Name)
	}
}

// publicLog is the public half of the access log.
type publicLog struct {
	ledger   *ledger.Ledger
	cosigner *ledger.Cosigner
}

// Key returns the public key.
func (p publicLog) Key() string { return p.ledger.VerifierKey() }

// Checkpoint returns the newest cosigned checkpoint, or the newest at all.
func (p publicLog) Checkpoint(ctx context.Context, newest bool) (string, uint64, error) {
	head, err := p.ledger.Head(ctx)
	if newest && err == nil {
		head, err = p.ledger.Newest(ctx)
	}
	return head.Raw, head.Size, err
}

// Inclusion proves an entry's place.
func (p publicLog) Inclusion(ctx context.Context, place, size uint64) ([][]byte, error) {
	return p.ledger.Inclusion(ctx, place, size)
}

// Consistency proves that a log continues an older one.
func (p publicLog) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	return p.ledger.Consistency(ctx, from, to)
}

// File returns a file of the log below tile/; its name has been checked.
func (p publicLog) File(path string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(p.ledger.PublicDir(), "tile", filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "the log has no file tile/%s", path)
	}
	return raw, err
}

// State tells how the log and its witnesses stand.
func (p publicLog) State(ctx context.Context) transparency.State {
	out := transparency.State{Key: p.ledger.VerifierKey(), Origin: p.ledger.Origin(), Quorum: p.cosigner.Quorum()}
	stats, err := p.ledger.Stats(ctx)
	out.Size, out.Failing = stats.Published, stats.Failing
	if err != nil && out.Failing == "" {
		out.Failing = "its checkpoint cannot be read"
	}
	if head := p.ledger.CosignedHead(); head != nil {
		out.Cosigned = head.Size
	}
	for _, w := range p.cosigner.States() {
		out.Witnesses = append(out.Witnesses, transparency.WitnessState{
			Name: w.Name, Key: w.Key, Size: w.Size, At: w.At, Away: w.Away != "", Since: w.Since, Refuses: w.Refuses,
		})
	}
	return out
}

// looks reads the access log for web.
type looks struct{ ledger *ledger.Ledger }

// Looks returns what concerns a camera, newest first.
func (l looks) Looks(ctx context.Context, camera string, span shouwang.Span) ([]transparency.Logged, error) {
	found, err := l.ledger.Looks(ctx, camera, span)
	if err != nil {
		return nil, err
	}
	out := make([]transparency.Logged, len(found))
	for i, f := range found {
		out[i] = transparency.Logged(f)
	}
	return out, nil
}

// sealed reports whether a look's owner is not to be told of it yet.
func (l looks) sealed(ctx context.Context, look policy.Entry, index uint64) bool {
	if look.Case == "" {
		return false
	}
	span := shouwang.Span{From: look.At.Add(-policy.LongestDeferral)}
	found, err := l.ledger.Entries(ctx, ledger.Query{Camera: look.Camera, Kinds: []string{policy.KindDefer, policy.KindReveal}, Span: span})
	if err != nil {
		return true // the page tells all the same; only the hurry is lost
	}
	about := make([]policy.Numbered, len(found))
	for i := range found {
		about[i] = policy.Numbered{Index: found[i].Index, Entry: &found[i].Entry}
	}
	until, _ := policy.SealedUntil(policy.Numbered{Index: index, Entry: &look}, about)
	return !until.IsZero()
}
