package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"shouwang"
	"shouwang/web/cameras"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/mine"
	"shouwang/web/receipts"
	"shouwang/web/session"
	"shouwang/web/tlsca"
	"shouwang/web/watch"
)

// Server is the HTTP side of Shouwang: New, then Run.
type Server struct {
	*front.Front
	cfg     Config
	deps    Deps
	mux     *http.ServeMux
	handler http.Handler
	looks   *look.Looks
	cams    *cameras.Room
	feeds   *watch.Feeds
	copies  *copies
	tickets *tickets
	plays   *plays
	metrics *metrics

	stopping context.Context // ends when the service stops
	stop     context.CancelFunc
}

// New joins the server to its neighbours. Metrics are registered with
// registry, which /metrics serves. Nothing runs before Run.
func New(cfg Config, deps Deps, clock func() time.Time, log *slog.Logger, registry *prometheus.Registry) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	kernel, err := front.New(humago.New(mux, apiConfig()), deps.Accounts, deps.World, clock, log)
	if err != nil {
		return nil, err
	}
	s := &Server{Front: kernel, cfg: cfg, deps: deps, mux: mux}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.feeds = watch.NewFeeds(deps.Hubs, deps.Renderer, log)
	s.copies = newCopies(deps.Footage, deps.Renderer, cfg.CopyBytes, cfg.CacheBytes)
	s.tickets, s.plays = newTickets(s), newPlays(s)
	s.metrics = newMetrics(registry, s)
	s.looks = look.New(kernel, look.Deps{
		Gate: deps.Gate, Audit: deps.Audit, Cameras: deps.Cameras, Bus: deps.Bus, CanRender: s.feeds.CanRender, Sealed: deps.Sealed,
		Metrics: look.Metrics{Looks: s.metrics.looks, Denials: s.metrics.denials, BytesOut: s.metrics.bytesOut},
	})
	return s, s.build()
}

// build lays out the routes and what stands before them.
func (s *Server) build() error {
	mux := s.mux
	session.Register(s.Front, s.deps.Accounts, s.endSession)
	s.cams = cameras.Register(s.Front, s.looks, s.deps.Cameras, s.deps.Gate)
	s.liveRoutes()
	s.eventRoutes()
	s.streamRoutes()
	s.clipRoutes()
	s.deskRoutes()
	mine.Register(s.Front, s.looks, mine.Deps{
		Gate: s.deps.Gate, Cameras: s.cams, Known: s.deps.Cameras, Consents: s.deps.Consents, Bus: s.deps.Bus,
		Viewers: s.tickets.strangers, Changed: s.changed,
	})
	s.systemRoutes()
	for _, room := range s.deps.Rooms {
		room(s.Front, s.looks)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.guardMetrics(promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{})))
	static, err := pages()
	if err != nil {
		return fmt.Errorf("open pages: %w", err)
	}
	mux.Handle("/", static)
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		front.NewProblem(http.StatusForbidden, shouwang.CodeDenied, "this request comes from another site and is refused").Write(w)
	}))
	s.handler = s.watched(secured(origin.Handler(receipts.Short(mux))))
	return nil
}

func apiConfig() huma.Config {
	cfg := huma.DefaultConfig("Shouwang", "1")
	cfg.OpenAPIPath = "/api/openapi"
	cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", nil
	cfg.Info.Description = "Consent-first video of shared community cameras. Every answer is limited by what the policy allows the session."
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: front.CookieName, Description: "Set by POST /api/session"},
	}
	return cfg
}

// Handler returns everything that is served, for tests and other listeners.
func (s *Server) Handler() http.Handler { return s.handler }

// OpenAPI returns the API's description as JSON (OpenAPI 3.1).
func (s *Server) OpenAPI() ([]byte, error) { return s.API.OpenAPI().MarshalJSON() }

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.deps.Ready != nil {
		if err := s.deps.Ready(r.Context()); err != nil {
			s.Log.Warn("not ready", "error", err)
			p := front.ProblemOf(err)
			p.Status = http.StatusServiceUnavailable
			p.Write(w)
			return
		}
	}
	_, _ = w.Write([]byte("ready\n"))
}

// guardMetrics lets the machine itself and administrators read the metrics:
// they name no person, but they tell when a house is quiet.
func (s *Server) guardMetrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ip := net.ParseIP(front.HostOf(r.RemoteAddr)); ip == nil || !(ip.IsLoopback() || ip.IsPrivate()) {
			c, err := s.Caller(r.Context())
			if err == nil {
				err = s.May(c, front.Administrators)
			}
			if err != nil {
				front.ProblemOf(err).Write(w)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Listen opens the address of the configuration. CodePortInUse when it is
// taken.
func (s *Server) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", s.cfg.HTTP)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodePortInUse, "listen on %s: %w; choose another address with --http", s.cfg.HTTP, err)
	}
	return l, nil
}

// TLSConfig returns what the listener is to be wrapped in: nil for plain HTTP
// on loopback. dir is where a local authority is kept.
func (s *Server) TLSConfig(dir string) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	switch s.cfg.TLS {
	case "files":
		pair, err := tls.LoadX509KeyPair(s.cfg.CertFile, s.cfg.KeyFile)
		if err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "read certificate %s and its key: %w", s.cfg.CertFile, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
		return cfg, nil
	case "auto":
		authority, err := tlsca.Open(dir, s.cfg.Names, s.Now)
		if err != nil {
			return nil, err
		}
		s.Log.Info("local certificate authority", "install", authority.CertPath())
		cfg.GetCertificate = authority.Certificate
		return cfg, nil
	}
	return nil, nil
}

// Run serves on the listener until ctx ends, then within ten seconds ends
// every view, logs their ends and returns. tlsConfig may be nil.
func (s *Server) Run(ctx context.Context, l net.Listener, tlsConfig *tls.Config) error {
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	work := s.Work()
	defer work()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve http: %w", err)
	case <-ctx.Done():
	}
	s.stop()
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	work()
	err := server.Shutdown(closing)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-failed
	return err
}

// Work starts what runs beside the requests: judging live views anew, dropping
// viewing copies. The function returned stops it, ends every view and waits;
// it may be called twice. Tests that use Handler without Run call it.
func (s *Server) Work() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	unhook := s.deps.Gate.OnChange(s.changed)
	var wg sync.WaitGroup
	wg.Go(func() { s.tickets.run(ctx) })
	wg.Go(func() { s.sweep(ctx) })
	wg.Go(func() { s.hear(ctx) })
	if s.deps.LogTakes != nil {
		wg.Go(func() { s.looks.Watch(ctx, s.cfg.TicketCheck, s.deps.LogTakes, s.unlogged) })
	}
	return sync.OnceFunc(func() {
		s.stop()
		unhook()
		cancel()
		wg.Wait()
		s.plays.endWhere(EndShutdown, func(*play) bool { return true })
		s.plays.wg.Wait()
		s.feeds.Wait()
		s.settle()
	})
}

// settle writes what the access log is owed before the service ends.
func (s *Server) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if n := s.looks.Settle(ctx); n > 0 {
		s.Log.Error("ENTRIES OF THE ACCESS LOG ARE LOST with this process, which could not write them", "entries", n)
	}
}

// changed is told by the gate that a camera ("" for all) is to be judged anew.
func (s *Server) changed(camera shouwang.CameraID) {
	s.tickets.change(camera)
	s.copies.drop(camera)
	s.plays.change(camera)
}

func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(s.cfg.TicketCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.plays.sweep()
		}
	}
}
