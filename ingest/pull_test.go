package ingest_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest"
	"shouwang/ingest/camsim"
	"shouwang/ingest/rtsp"
)

var scenes sync.Map

// sceneClip makes each generated clip once for all tests.
func sceneClip(t testing.TB, s camsim.Scene) *camsim.Clip {
	t.Helper()
	need(t, "ffmpeg")
	make1 := sync.OnceValues(func() (*camsim.Clip, error) { return camsim.Generate(context.Background(), s) })
	once, _ := scenes.LoadOrStore(s, make1)
	c, err := once.(func() (*camsim.Clip, error))()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var small = camsim.Scene{Width: 320, Height: 180, FPS: 20, GOP: 10, Duration: 2 * time.Second}

func newSim(t testing.TB, o camsim.Options) *camsim.Sim {
	t.Helper()
	s, err := camsim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func serve(t testing.TB, s *camsim.Sim, path string, c camsim.Camera) {
	t.Helper()
	if len(c.Clips) == 0 {
		c.Clips = []*camsim.Clip{sceneClip(t, small)}
	}
	if err := s.Serve(path, c); err != nil {
		t.Fatal(err)
	}
}

// rig is a manager with quick back-off and a record of every state.
type rig struct {
	*ingest.Manager
	mu     sync.Mutex
	states []shouwang.StreamStatus
	change chan struct{}
}

func quick() ingest.Config {
	cfg := ingest.DefaultConfig()
	cfg.Push = ""
	cfg.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.BackoffMin, cfg.BackoffMax = 20*time.Millisecond, 200*time.Millisecond
	return cfg
}

func newRig(t testing.TB, cfg ingest.Config, deps ingest.Deps) *rig {
	t.Helper()
	r := &rig{change: make(chan struct{}, 1)}
	deps.OnStatus = func(s shouwang.StreamStatus) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.states = append(r.states, s)
		select {
		case r.change <- struct{}{}:
		default:
		}
	}
	m, err := ingest.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	r.Manager = m
	t.Cleanup(m.Close)
	return r
}

func (r *rig) pull(t testing.TB, url string) *ingest.Hub {
	t.Helper()
	err := r.Start(shouwang.Camera{ID: "cam", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: url}}})
	if err != nil {
		t.Fatal(err)
	}
	h, _ := r.Hub("cam", shouwang.StreamMain)
	return h
}

// until waits for a state that ok likes.
func (r *rig) until(t testing.TB, what string, ok func(shouwang.StreamStatus) bool) shouwang.StreamStatus {
	t.Helper()
	limit := time.After(30 * time.Second)
	for seen := 0; ; {
		r.mu.Lock()
		for ; seen < len(r.states); seen++ {
			if ok(r.states[seen]) {
				s := r.states[seen]
				r.mu.Unlock()
				return s
			}
		}
		r.mu.Unlock()
		select {
		case <-r.change:
		case <-limit:
			t.Fatalf("%s did not come; states: %+v", what, r.states)
		}
	}
}

func take(t testing.TB, r *ingest.Reader, n int) []*shouwang.AccessUnit {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var out []*shouwang.AccessUnit
	for len(out) < n {
		u, err := r.Next(ctx)
		if err != nil {
			t.Fatalf("after %d units: %v", len(out), err)
		}
		out = append(out, u)
	}
	return out
}

// whole checks a run of units of one epoch that nothing disturbed.
func whole(t testing.TB, units []*shouwang.AccessUnit) {
	t.Helper()
	for i, u := range units {
		if u.Seq != uint64(i) || u.Lost != 0 || u.Epoch != units[0].Epoch {
			t.Fatalf("unit %d: seq %d lost %d epoch %d", i, u.Seq, u.Lost, u.Epoch)
		}
		if i > 0 && (u.DTS <= units[i-1].DTS || u.DTS > u.PTS) {
			t.Fatalf("unit %d: dts %d after %d, pts %d", i, u.DTS, units[i-1].DTS, u.PTS)
		}
	}
	if !units[0].Key || units[0].PTS != 0 {
		t.Fatalf("begins with key %v at %d", units[0].Key, units[0].PTS)
	}
}

func TestPullBringsTheVeryBits(t *testing.T) {
	h265 := small
	h265.Codec = shouwang.CodecH265
	reordered := small
	reordered.BFrames = 2
	t.Parallel()
	for name, scene := range map[string]camsim.Scene{"h264": small, "h265": h265, "b-frames": reordered} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, camsim.Options{})
			clip := sceneClip(t, scene)
			serve(t, sim, "a", camsim.Camera{Clips: []*camsim.Clip{clip}})
			r := newRig(t, quick(), ingest.Deps{})
			reader := r.pull(t, sim.URL("a")).Subscribe(ingest.ReaderConfig{})
			defer reader.Close()
			units := take(t, reader, 30)
			whole(t, units)
			first := sameAs(t, clip, units[0])
			for i, u := range units {
				want := clip.Unit("cam", shouwang.StreamMain, time.Time{}, first+i)
				if string(want.Data) != string(u.Data) || want.Key != u.Key {
					t.Fatalf("unit %d differs from picture %d of the clip", i, first+i)
				}
				if got := want.PTS - clip.At(first).PTS; got != u.PTS {
					t.Fatalf("unit %d at %d, clip says %d", i, u.PTS, got)
				}
			}
			if !units[0].Params.Equal(clip.Params) || units[0].Params.Width != 320 {
				t.Fatalf("%+v", units[0].Params)
			}
		})
	}
}

// sameAs finds the picture of the clip that a unit is.
func sameAs(t testing.TB, c *camsim.Clip, u *shouwang.AccessUnit) int {
	t.Helper()
	for i := range c.Frames {
		if string(c.Unit("", "", time.Time{}, i).Data) == string(u.Data) {
			return i
		}
	}
	t.Fatal("the unit is no picture of the clip")
	return 0
}

func TestTransportsAndSignIn(t *testing.T) {
	t.Parallel()
	cert := testCert(t)
	for name, c := range map[string]struct {
		sim       camsim.Options
		cam       camsim.Camera
		transport string
	}{
		"digest":       {camsim.Options{Digest: true}, camsim.Camera{User: "u", Pass: "p@ss:w/d"}, "tcp"},
		"basic":        {camsim.Options{Basic: true}, camsim.Camera{User: "u", Pass: "p"}, "tcp"},
		"udp fallback": {camsim.Options{UDP: true}, camsim.Camera{Faults: camsim.Faults{RefuseTCP: true}}, "udp"},
		"rtsps":        {camsim.Options{TLS: cert}, camsim.Camera{User: "u", Pass: "p"}, "tls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, c.sim)
			serve(t, sim, "a", c.cam)
			r := newRig(t, quick(), ingest.Deps{TLS: rtsp.TLS{Insecure: c.sim.TLS != nil}})
			url := strings.Replace(sim.URL("a"), "p@ss:w/d", "p%40ss%3Aw%2Fd", 1)
			reader := r.pull(t, url).Subscribe(ingest.ReaderConfig{})
			defer reader.Close()
			whole(t, take(t, reader, 10))
			s := r.Status()[0]
			if s.State != shouwang.LinkLive || s.Transport != c.transport || s.Width != 320 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	secret := "hunter2"
	for name, c := range map[string]struct {
		cam  camsim.Camera
		url  func(sim *camsim.Sim) string
		code shouwang.Code
		word string
	}{
		"wrong password": {camsim.Camera{User: "u", Pass: "right"}, nil, shouwang.CodeWrongPassword, "password"},
		"no such path": {camsim.Camera{}, func(s *camsim.Sim) string {
			return "rtsp://u:" + secret + "@" + s.Addr() + "/other"
		}, shouwang.CodeNoVideo, "path"},
		"mjpeg":      {camsim.Camera{Faults: camsim.Faults{SDP: camsim.SDPMJPEG}}, nil, shouwang.CodeBadCodec, "H.264"},
		"vp8":        {camsim.Camera{Faults: camsim.Faults{SDP: camsim.SDPVP8}}, nil, shouwang.CodeBadCodec, "VP8"},
		"sound only": {camsim.Camera{Faults: camsim.Faults{SDP: camsim.SDPAudio}}, nil, shouwang.CodeNoVideo, "no video"},
		"redirect": {
			camsim.Camera{Faults: camsim.Faults{Redirect: "rtsp://169.254.169.254/latest"}},
			nil,
			shouwang.CodeAddressForbidden, "redirects",
		},
		"redirect in a circle": {camsim.Camera{Faults: camsim.Faults{Redirect: "self"}}, nil, shouwang.CodeBadStream, "circle"},
		"link-local": {camsim.Camera{}, func(*camsim.Sim) string {
			return "rtsp://u:" + secret + "@169.254.169.254/a"
		}, shouwang.CodeAddressForbidden, "link-local"},
		"nobody there": {camsim.Camera{}, func(*camsim.Sim) string {
			return "rtsp://u:" + secret + "@127.0.0.1:1/a"
		}, shouwang.CodeUnreachable, "refused"},
		"unreadable": {camsim.Camera{}, func(*camsim.Sim) string {
			return "rtsp://u:" + secret + "@ho st/a"
		}, shouwang.CodeBadAddress, "rtsp://user:password@host:port/path"},
		"http": {camsim.Camera{}, func(*camsim.Sim) string {
			return "http://u:" + secret + "@127.0.0.1/a"
		}, shouwang.CodeBadAddress, "rtsp://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, camsim.Options{})
			if c.cam.Faults.Redirect == "self" {
				c.cam.Faults.Redirect = "rtsp://" + sim.Addr() + "/a"
			}
			serve(t, sim, "a", c.cam)
			url := "rtsp://u:" + secret + "@" + sim.Addr() + "/a"
			if c.url != nil {
				url = c.url(sim)
			}
			r := newRig(t, quick(), ingest.Deps{})
			r.pull(t, url)
			s := r.until(t, "refusal", func(s shouwang.StreamStatus) bool { return s.Code != "" })
			if s.Code != c.code || !strings.Contains(s.Detail, c.word) {
				t.Errorf("%s %q, want %s with %q", s.Code, s.Detail, c.code, c.word)
			}
			if strings.Contains(s.Detail, secret) || strings.Contains(s.Detail, "\n") {
				t.Errorf("detail shows the password or has two lines: %q", s.Detail)
			}
		})
	}
}

func TestMisbehavingCameras(t *testing.T) {
	t.Parallel()
	other := small
	other.Width, other.Height = 480, 272
	cfg := quick()
	cfg.StallAfter = 300 * time.Millisecond
	type result struct {
		units  []*shouwang.AccessUnit
		status shouwang.StreamStatus
	}
	for name, c := range map[string]struct {
		cam   camsim.Camera
		units int
		check func(t *testing.T, r result)
	}{
		"loses packets": {camsim.Camera{Faults: camsim.Faults{DropEvery: 23}}, 60, func(t *testing.T, r result) {
			lost := 0
			for _, u := range r.units {
				lost += u.Lost
			}
			if lost == 0 || uint64(lost) > r.status.Lost {
				t.Errorf("lost %d, status says %d", lost, r.status.Lost)
			}
		}},
		"changes its parameter sets": {camsim.Camera{Clips: []*camsim.Clip{sceneClip(t, small), sceneClip(t, other)}}, 90, func(t *testing.T, r result) {
			widths := map[int]bool{}
			for i, u := range r.units {
				widths[u.Params.Width] = true
				if i > 0 && u.Params != r.units[i-1].Params && !u.Key {
					t.Errorf("unit %d changes parameters without a key frame", i)
				}
			}
			if !widths[320] || !widths[480] || r.units[0].Epoch != r.units[len(r.units)-1].Epoch {
				t.Errorf("widths %v", widths)
			}
		}},
		"sends garbage": {camsim.Camera{Faults: camsim.Faults{GarbageEvery: 31}}, 40, func(t *testing.T, r result) {}},
		"stalls": {camsim.Camera{Faults: camsim.Faults{StallEvery: time.Second, StallFor: 1200 * time.Millisecond}}, 40, func(t *testing.T, r result) {
			if last := r.units[len(r.units)-1]; last.Epoch < 2 {
				t.Errorf("no new session after a stall: epoch %d", last.Epoch)
			}
		}},
		"disconnects": {camsim.Camera{Faults: camsim.Faults{DisconnectEvery: 700 * time.Millisecond}}, 40, func(t *testing.T, r result) {
			if last := r.units[len(r.units)-1]; last.Epoch < 3 || r.status.Reconnects < 2 {
				t.Errorf("epoch %d, %d reconnects", last.Epoch, r.status.Reconnects)
			}
		}},
		"lies about its rate": {camsim.Camera{Faults: camsim.Faults{MediaRate: 3}}, 50, func(t *testing.T, r result) {
			if r.status.FPS < 15 || r.status.FPS > 25 {
				t.Errorf("measured %.1f pictures a second of 20", r.status.FPS)
			}
		}},
		"jumps its media clock": {camsim.Camera{Faults: camsim.Faults{MediaJumpEvery: time.Second, MediaJump: time.Hour}}, 50, func(t *testing.T, r result) {
			for i := 1; i < len(r.units); i++ {
				if d := (r.units[i].PTS - r.units[i-1].PTS).Duration(); d > time.Second || d <= 0 {
					t.Errorf("unit %d comes %s after the one before", i, d)
				}
			}
		}},
		"never sets the marker": {camsim.Camera{Faults: camsim.Faults{NoMarker: true}}, 30, func(t *testing.T, r result) { whole(t, r.units) }},
		"sends no sets":         {camsim.Camera{Faults: camsim.Faults{NoSets: true}}, 30, func(t *testing.T, r result) { whole(t, r.units) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := newSim(t, camsim.Options{})
			serve(t, sim, "a", c.cam)
			r := newRig(t, cfg, ingest.Deps{})
			reader := r.pull(t, sim.URL("a")).Subscribe(ingest.ReaderConfig{})
			defer reader.Close()
			units := take(t, reader, c.units)
			for i, u := range units {
				behind := time.Since(u.Wall.At)
				if behind < -time.Second || behind > 20*time.Second {
					t.Errorf("unit %d was taken %s ago", i, behind)
					break
				}
			}
			c.check(t, result{units, r.Status()[0]})
		})
	}
}

func TestWithdrawalEndsASession(t *testing.T) {
	t.Parallel()
	sim := newSim(t, camsim.Options{})
	serve(t, sim, "a", camsim.Camera{})
	var mu sync.Mutex
	var denial error
	r := newRig(t, quick(), ingest.Deps{Allowed: func(shouwang.CameraID) error {
		mu.Lock()
		defer mu.Unlock()
		return denial
	}})
	hub := r.pull(t, sim.URL("a"))
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	take(t, reader, 5)
	mu.Lock()
	denial = shouwang.Errorf(shouwang.CodeDenied, "consent withdrawn")
	mu.Unlock()
	begin := time.Now()
	r.Refresh("cam")
	r.until(t, "idle", func(s shouwang.StreamStatus) bool {
		return s.State == shouwang.LinkIdle && s.Code == shouwang.CodeDenied
	})
	if d := time.Since(begin); d > time.Second {
		t.Errorf("took %s", d)
	}
	if n := len(hub.History(time.Time{})); n != 0 {
		t.Errorf("%d units are still remembered", n)
	}
	mu.Lock()
	denial = nil
	mu.Unlock()
	r.Refresh("cam")
	for {
		if u := take(t, reader, 1)[0]; u.Epoch > 1 {
			break
		}
	}
}
