package service

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"shouwang"
	"shouwang/analyze/pool"
	"shouwang/ingest"
	"shouwang/ingest/rtsp"
	"shouwang/policy/gate"
	"shouwang/storage/archive"
	"shouwang/storage/casebook"
	"shouwang/storage/complaints"
	papers "shouwang/storage/desk"
	"shouwang/storage/ledger"
	"shouwang/storage/notary"
	outbox "shouwang/storage/notices"
	"shouwang/storage/registry"
	"shouwang/web"
	"shouwang/web/auth"
	"shouwang/web/evidence"
	"shouwang/web/live"
)

// Service is one running Shouwang. Parts are opened in the order of the
// fields and closed in the reverse order.
type Service struct {
	cfg     Config
	log     *slog.Logger
	clock   func() time.Time
	began   time.Time
	metrics *prometheus.Registry
	parts   Parts

	node      *node
	policies  *policyFolder
	views     *views
	approvals *registry.Approvals
	notary    *notary.Notary
	papers    *papers.DB
	ledger    *ledger.Ledger
	cosigner  *ledger.Cosigner
	eraser    *eraser
	auth      *auth.Service
	media     *live.Server
	web       *web.Server
	listen    net.Listener

	complaints *complaints.Store
	notices    *outbox.Store

	casebook *casebook.Book
	evidence *evidence.Room

	closers []func()
	running sync.WaitGroup
}

// Parts replaces parts of a service for those that measure it. The zero value
// replaces nothing.
type Parts struct {
	// Metrics is where metrics are registered, for whoever runs the service to
	// read them without asking over HTTP.
	Metrics *prometheus.Registry
	// Pull takes the place of RTSP: cameras without a network.
	Pull func(ctx context.Context, cfg rtsp.PullConfig) error
}

// Run opens everything, serves until ctx ends and closes everything: live
// views end and are logged, open segments are closed and indexed. It returns
// the first thing that failed; every such error says what to do.
func Run(ctx context.Context, cfg Config, log *slog.Logger) error {
	return RunWith(ctx, cfg, log, Parts{})
}

// RunWith is Run with some parts replaced.
func RunWith(ctx context.Context, cfg Config, log *slog.Logger, parts Parts) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	oftenCollect()
	if parts.Metrics == nil {
		parts.Metrics = prometheus.NewRegistry()
	}
	s := &Service{cfg: cfg, log: log, clock: time.Now, began: time.Now(), metrics: parts.Metrics, parts: parts}
	s.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer s.close()
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	for _, open := range []func(context.Context) error{
		s.openData, s.openPolicy, s.openComplaints, s.openNotices, s.openCasebook, s.openStorage, s.openAnalyze, s.openIngest, s.openWeb,
	} {
		if err := open(life); err != nil {
			return err
		}
	}
	if err := s.start(life); err != nil {
		return err
	}
	tls, err := s.web.TLSConfig(s.cfg.path("tls"))
	if err != nil {
		return err
	}
	scheme := "http"
	if tls != nil {
		scheme = "https"
	}
	log.Info("ready", "pages", fmt.Sprintf("%s://%s", scheme, s.listen.Addr()), "push", s.node.manager.PushAddr(), "data", cfg.Data)
	err = s.web.Run(ctx, s.listen, tls)
	s.node.dropAll()
	stop()
	s.running.Wait()
	return err
}

// GCPercent is how much the heap may grow, in hundredths, before garbage is
// collected.
const GCPercent = 40

// oftenCollect has the garbage collected when the heap has grown by two fifths,
// unless GOGC says otherwise: what it grows to is what a camera costs in memory.
// Pictures kept for pre-roll, most of the service's memory, are not in the heap.
func oftenCollect() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(GCPercent)
	}
}

// closing notes what undoes a step; steps are undone last first.
func (s *Service) closing(f func()) { s.closers = append(s.closers, f) }

func (s *Service) close() {
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
}

func (s *Service) closeWith(what string, c interface{ Close() error }) {
	s.closing(func() {
		if err := c.Close(); err != nil {
			s.log.Error("close", "what", what, "error", err)
		}
	})
}

// openData takes the data folder and opens the register.
func (s *Service) openData(ctx context.Context) error {
	if err := s.cfg.makeData(); err != nil {
		return err
	}
	locked, err := lock(s.cfg)
	if err != nil {
		return err
	}
	s.closing(func() { locked.Close() })
	reg, err := OpenRegistry(ctx, s.cfg, s.log)
	if err != nil {
		return err
	}
	s.closeWith("register", reg)
	if s.papers, err = OpenDesk(ctx, s.cfg); err != nil {
		return err
	}
	s.closeWith("desk", s.papers)
	s.node = &node{
		// Cameras push as soon as there is a port, which is before start.
		life: ctx, cfg: s.cfg, log: s.log, clock: s.clock, registry: reg,
		telling: newTelling(), changes: make(chan shouwang.CameraID, 1024), statuses: newStatuses(),
		cameras: map[shouwang.CameraID]shouwang.Camera{}, works: map[shouwang.CameraID]*work{},
	}
	s.node.bus, err = openBus(ctx, s.cfg.Bus, s.clock, s.log)
	if err != nil {
		return err
	}
	s.closeWith("bus", s.node.bus)
	return nil
}

// openPolicy puts the register's world in force and opens the access log.
func (s *Service) openPolicy(ctx context.Context) error {
	world, err := s.node.registry.World(ctx)
	if err != nil {
		return err
	}
	if s.notary, err = notary.Open(s.cfg.Data); err != nil {
		return err
	}
	if s.approvals, err = s.node.registry.Approvals(ctx); err != nil {
		return err
	}
	s.policies, s.views = s.newPolicyFolder(), s.newViews()
	s.node.seen = s.views.see
	rules, err := s.policies.first()
	if err != nil {
		return err
	}
	if s.node.gate, err = gate.NewGate(world, s.clock, gate.Options{Rules: rules, Language: s.cfg.Language, Log: s.log, Approvals: s.approvals}); err != nil {
		return err
	}
	if s.ledger, err = ledger.Open(ctx, ledger.Config{Dir: s.cfg.path("ledger"), Origin: s.cfg.Transparency.Origin, Log: s.log}); err != nil {
		return err
	}
	s.closeWith("access log", s.ledger)
	if err := s.recallLooks(ctx); err != nil {
		return err
	}
	return s.openWitnesses(ctx)
}

// openStorage opens what is recorded and mends what a crash left.
func (s *Service) openStorage(ctx context.Context) (err error) {
	n := s.node
	if n.archive, err = openArchive(ctx, s.cfg, true, s.clock, s.log); err != nil {
		return err
	}
	s.closeWith("recordings", n.archive)
	n.archive.Keeper.OnRelease = s.lapsed
	n.recorder = n.archive.Recorder(archive.RecorderDeps{Permit: n.gate.Record, Link: n.link})
	s.eraser = &eraser{gate: n.gate, archive: n.archive, audit: s.ledger, clock: s.clock, log: s.log}
	return nil
}

// openAnalyze starts the analyzers.
func (s *Service) openAnalyze(ctx context.Context) (err error) {
	c := s.cfg.Analyze
	s.node.barred = newQuarantine(s.node)
	s.node.pool, err = pool.New(ctx, pool.Config{
		Workers: c.Workers, Binary: c.Binary, NoSandbox: c.Unsandboxed, Model: c.Model, Runtime: c.OnnxRuntime, Logger: s.log, Now: s.clock, Zone: s.node.gate.World().Zone(),
		Memory: c.Memory, Watchdog: c.Watchdog, Cores: c.Cores, OnQuarantine: s.node.barred.add,
	})
	if err != nil {
		return err
	}
	s.closing(s.node.pool.Close)
	return s.node.barred.restore()
}

// openIngest listens for cameras that push; none is taken in yet.
func (s *Service) openIngest(context.Context) (err error) {
	n := s.node
	n.demand = &demand{gate: n.gate, clock: s.clock, viewers: map[shouwang.CameraID]int{}}
	n.manager, err = ingest.New(s.cfg.Ingest, ingest.Deps{
		Log: s.log, Clock: s.clock, Allowed: n.demand.allowed, PushAuth: n.pushAuth,
		TLS:      rtsp.TLS{Insecure: s.cfg.Ingest.TLSInsecure},
		OnStatus: func(st shouwang.StreamStatus) { n.statuses.push(st) }, Pull: s.parts.Pull,
	})
	if err != nil {
		return err
	}
	n.demand.manager = n.manager
	s.closing(n.manager.Close)
	return nil
}

// openWeb opens the pages' address and the media ports.
func (s *Service) openWeb(context.Context) (err error) {
	if s.media, err = live.Listen(live.Config{UDP: s.cfg.Web.MediaUDP, TCP: s.cfg.Web.MediaTCP, PublicIPs: s.cfg.Web.PublicIPs}, s.log); err != nil {
		return err
	}
	s.closeWith("media ports", s.media)
	s.evidence = s.evidenceRoom()
	s.auth = auth.New(s.node.registry, auth.Config{Clock: s.clock})
	if s.web, err = web.New(s.cfg.Web, s.deps(), s.clock, s.log, s.metrics); err != nil {
		return err
	}
	if s.listen, err = s.web.Listen(); err != nil {
		return err
	}
	s.closing(func() { s.listen.Close() })
	return nil
}

// start sets everything in motion.
func (s *Service) start(life context.Context) error {
	n := s.node
	s.metrics.MustRegister(nodeMetrics{n})
	n.gate.OnChange(n.changed)
	for _, run := range []func(context.Context){n.tell, n.follow, n.tellStatuses, n.watchAbsence, n.archive.Run, s.sweepSessions, s.cosigner.Run, s.complaints.Run, s.listenToButtons, s.evidence.Run, n.attend, n.barred.watch} {
		s.running.Go(func() { run(life) })
	}
	for _, run := range []func(context.Context){s.policies.run, s.views.run, s.newClockwork().run, s.notices.Run, s.tellPeople} {
		s.running.Go(func() { run(life) })
	}
	if err := s.eraser.reconcile(life); err != nil {
		return fmt.Errorf("erase what consent no longer covers: %w", err)
	}
	if err := n.adopt(life); err != nil {
		return err
	}
	if err := s.logMachineActs(life); err != nil {
		s.log.Error("what was done at the machine waits for the access log", "error", err)
	}
	s.running.Go(func() { n.watchRegistry(life, s.eraser.reconcile, s.logMachineActs) })
	s.running.Go(func() { s.relog(life) })
	return nil
}

// relog has destructions that the access log did not take written into it, once
// a minute.
func (s *Service) relog(ctx context.Context) {
	for {
		if err := s.consents().relog(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("destructions wait for the access log", "error", err)
		}
		if !sleep(ctx, time.Minute) {
			return
		}
	}
}

// sweepSessions forgets sign-ins that ended long ago, once an hour.
func (s *Service) sweepSessions(ctx context.Context) {
	for {
		now := s.clock()
		if _, err := s.node.registry.SweepSessions(ctx, now.Add(-auth.LongestIdle), now.Add(-auth.LongestLife)); err != nil && ctx.Err() == nil {
			s.log.Warn("old sign-ins could not be forgotten", "error", err)
		}
		if !sleep(ctx, time.Hour) {
			return
		}
	}
}
