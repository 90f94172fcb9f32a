package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang/analyze/cascade"
	"shouwang/cmd/internal/service"
	"shouwang/ingest/camsim"
)

// Fleet says how many cameras the whole service is run with, and how.
type Fleet struct {
	Cameras int           // at first
	Then    int           // afterwards, 0 for no second part
	For     time.Duration // the first part, after all cameras are live
	ThenFor time.Duration // the second, 0 for as long
	Settle  time.Duration // after they are live and before a part begins
	Busy    float64       // share of camera-time in which somebody walks, 0.1 to 0.8
	RTSP    bool          // cameras in another process, over RTSP on loopback
	Workers int           // analyzer processes, 0 for one a core
	Policy  string        // how cameras are looked at, as in analyze.policy; "" for auto
	Data    string        // folder of the service; removed before and after
	Verbose io.Writer     // the service's log, nil for none
	Every   time.Duration // of the lines printed
	Profile string        // folder for profiles of the service over the last part
}

// street360 is the camera of the fleet: the design's stream A.
var street360 = Streams()[0]

// part is a stretch of the run that is judged by itself.
type part struct {
	name            string
	lasts           time.Duration
	cameras         int
	from, to        time.Time // while all cameras were live
	first, mid, end *sample
}

// RunFleet runs the whole service, consent, recording and all, with many
// cameras, and prints what became of it. The error says which promise was
// broken: a gap in what should have been recorded, a queue or memory that grew.
func RunFleet(ctx context.Context, o Options, f Fleet) error {
	_, err := o.runFleet(ctx, f)
	return err
}

func (o Options) runFleet(ctx context.Context, f Fleet) (r *fleet, err error) {
	stream := street360
	stream.Walkers = max(1, min(8, int(f.Busy*10+.5)))
	clip, path, err := stream.clip(ctx, o.Cache, o.Say)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(f.Data); err != nil {
		return nil, fmt.Errorf("clear %s: %w", f.Data, err)
	}
	defer os.RemoveAll(f.Data)
	r = &fleet{Fleet: f, o: o, stream: stream, clip: clip, path: path, metrics: prometheus.NewRegistry()}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	defer r.stopCameras()
	if err := r.serve(ctx); err != nil {
		return nil, err
	}
	return r, r.judge(ctx)
}

// fleet is a run.
type fleet struct {
	Fleet
	o       Options
	stream  Stream
	clip    *camsim.Clip
	path    string
	cfg     service.Config
	log     *slog.Logger
	metrics *prometheus.Registry
	replay  *replay
	played  time.Time // when the cameras of another process began
	player  int       // that process, 0 for none
	empty   int64     // resident bytes of the service and its analyzers before cameras
	address string
	stop    []func()
	parts   []part
	begun   time.Time
	ran     time.Time // all of it ended
}

func (r *fleet) prepare(ctx context.Context) error {
	r.cfg = service.Defaults()
	r.cfg.Data, r.cfg.Log = r.Data, "warn"
	r.cfg.Ingest.Push, r.cfg.Ingest.Allow = "", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	r.cfg.Web.HTTP, r.cfg.Web.MediaUDP, r.cfg.Web.MediaTCP = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	r.cfg.Analyze.Binary, r.cfg.Analyze.Workers = r.o.Binary, r.Workers
	r.cfg.Analyze.Policy = cmp.Or(r.Policy, r.cfg.Analyze.Policy)
	r.cfg.Storage.PreRoll = 10 * time.Second
	out := io.Discard
	if r.Verbose != nil {
		out = r.Verbose
	}
	r.log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	r.address = inProcess
	if r.RTSP {
		address, pid, stop, err := startCameras(ctx, r.o.Self, r.path, max(r.Cameras, r.Then))
		if err != nil {
			return err
		}
		r.stop, r.played, r.player = append(r.stop, stop), time.Now(), pid
		r.address = "rtsp://" + address + "/"
	}
	r.o.Say(fmt.Sprintf("writing a township of %d cameras", r.Cameras))
	if err := os.MkdirAll(r.Data, 0o700); err != nil {
		return err
	}
	return town(ctx, r.cfg, 0, r.Cameras, r.address, r.log)
}

func (r *fleet) stopCameras() {
	for _, stop := range r.stop {
		stop()
	}
}

// serve runs the service through the parts.
func (r *fleet) serve(ctx context.Context) error {
	life, end := context.WithCancel(ctx)
	defer end()
	parts := service.Parts{Metrics: r.metrics}
	if !r.RTSP {
		r.replay = newReplay(r.clip)
		parts.Pull = r.replay.Pull
		go r.replay.run(life)
	}
	done := make(chan error, 1)
	r.empty, r.begun = emptyService, time.Now()
	go func() { done <- service.RunWith(life, r.cfg, r.log, parts) }()
	fmt.Fprintf(r.o.Out, "machine: %s, %d cores, %s\n%d cameras of %s, %.0f %% of their time busy, recording events with 10 s before them; policy %s; source: %s\n%s\n",
		processor(), runtime.NumCPU(), runtime.Version(), r.Cameras, r.stream.Name, 10*float64(r.stream.Walkers), r.cfg.Analyze.Policy, r.source(), sampleHead)
	err := r.part(ctx, done, part{name: "part 1", cameras: r.Cameras, lasts: r.For})
	if err == nil && r.Then > r.Cameras {
		if err = town(ctx, r.cfg, r.Cameras, r.Then, r.address, r.log); err == nil {
			err = r.part(ctx, done, part{name: "part 2", cameras: r.Then, lasts: cmp.Or(r.ThenFor, r.For)})
		}
	}
	r.ran = time.Now()
	end()
	if err != nil {
		return err
	}
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the service ended badly: %w", err)
	}
	return nil
}

func (r *fleet) source() string {
	if r.RTSP {
		return "another process, over RTSP on loopback"
	}
	return "in this process, without RTSP"
}

// part waits until all cameras are live and then lets the part pass, printing a
// line now and then.
func (r *fleet) part(ctx context.Context, done <-chan error, p part) error {
	var last *sample
	var lived time.Time // all cameras are live since
	waited := time.Now()
	for {
		select {
		case err := <-done:
			return fmt.Errorf("the service ended: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(r.Every):
		}
		s, err := take(r.metrics, r.player)
		if err != nil {
			return err
		}
		if last != nil {
			s.line(r.o.Out, last, r.begun, uint64(s.values["cascade_wakes_total,key"]))
		}
		last = s
		live := int(s.values["ingest_streams,live"])
		if lived.IsZero() && live >= p.cameras {
			lived = s.at
		}
		switch {
		case p.first == nil && !lived.IsZero() && s.at.Sub(lived) >= r.Settle:
			p.first, p.from = s, s.at
			stop, err := r.profile(p.name)
			if err != nil {
				return err
			}
			defer stop()
			r.o.Say(fmt.Sprintf("%s: all %d cameras are live; %s from now", p.name, p.cameras, p.lasts))
		case lived.IsZero() && time.Since(waited) > 3*time.Minute:
			return fmt.Errorf("%s: only %d of %d cameras are live after 3 minutes; --verbose says why", p.name, live, p.cameras)
		case p.first != nil && p.mid == nil && s.at.Sub(p.from) >= p.lasts/2:
			p.mid = s
		case p.mid != nil && s.at.Sub(p.from) >= p.lasts:
			p.end, p.to = s, s.at
			r.parts = append(r.parts, p)
			return nil
		}
	}
}

// profile writes profiles of this process, the service, until stop.
func (r *fleet) profile(name string) (stop func(), err error) {
	if r.Profile == "" {
		return func() {}, nil
	}
	prefix := filepath.Join(r.Profile, strings.ReplaceAll(name, " ", "-"))
	cpu, err := os.Create(prefix + ".cpu.pprof")
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = cpu.Close()
		if heap, err := os.Create(prefix + ".heap.pprof"); err == nil {
			_ = pprof.WriteHeapProfile(heap)
			_ = heap.Close()
		}
	}, nil
}

// emptyService is what the service and two analyzers take before there are
// cameras, measured once (resident bytes).
const emptyService = 250 << 20

// quietly is how many cores other programs may take, besides the one that plays
// the cameras, for a figure of the whole service to be claimed.
const quietly = 0.4

// TheWhole is how the whole service is measured.
type TheWhole struct {
	Cameras int    // few enough not to be cut
	Policy  string // the goal is one of presence
	Profile string // folder for profiles, "" for none
}

// AsGoal is what the goal of the whole service speaks of.
var AsGoal = TheWhole{Cameras: 300, Policy: string(cascade.Presence)}

// whole measures the whole service as its goal asks, unless stream A is not
// among those measured.
func (o Options) whole(ctx context.Context) (*outcome, error) {
	if !strings.Contains(street360.Name, o.Only) {
		return nil, nil
	}
	o.Say(fmt.Sprintf("the whole service with %d cameras over RTSP, policy %s", AsGoal.Cameras, AsGoal.Policy))
	quiet := o
	quiet.Out = io.Discard
	return quiet.wholeRun(ctx, AsGoal)
}

// wholeRun runs the whole service for a minute with cameras over RTSP, settled
// before, and returns what a camera costs.
func (o Options) wholeRun(ctx context.Context, t TheWhole) (*outcome, error) {
	r, err := o.runFleet(ctx, Fleet{
		Cameras: t.Cameras, Then: t.Cameras, For: time.Minute, Settle: 30 * time.Second, Busy: 0.1, RTSP: true,
		Policy: t.Policy, Profile: t.Profile, Data: FleetData(), Every: 5 * time.Second,
	})
	if r == nil || len(r.parts) == 0 {
		return nil, err
	}
	whole := r.outcome(&r.parts[0])
	whole.broken = err
	return whole, nil
}

// Whole measures the whole service only, shows the run and prints its goals.
func Whole(ctx context.Context, o Options, t TheWhole) error {
	whole, err := o.wholeRun(ctx, t)
	if whole == nil {
		return err
	}
	printWhole(o.Out, whole)
	return nil
}

// FleetData is where the service of a fleet keeps its data.
func FleetData() string { return filepath.Join(Cache(), "fleet-data") }
