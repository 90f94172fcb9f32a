package ingest

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shouwang"
	"shouwang/ingest/rtsp"
)

// flaky is a session with a camera that hangs up every three seconds, and now
// and then refuses or cannot be reached.
func flaky() func(context.Context, rtsp.PullConfig) error {
	sessions := 0
	return func(ctx context.Context, cfg rtsp.PullConfig) error {
		sessions++
		switch {
		case sessions%997 == 0:
			return shouwang.Errorf(shouwang.CodeWrongPassword, "wrong password")
		case sessions%101 == 0:
			return shouwang.Errorf(shouwang.CodeUnreachable, "unreachable")
		}
		if cfg.OnPlay != nil {
			cfg.OnPlay(rtsp.Playing{Transport: rtsp.TransportTCP, Codec: shouwang.CodecH264})
		}
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for n := range 10 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
			u := unitAt(n, 500)
			u.Epoch, u.Received = cfg.Epoch, cfg.Now()
			u.Wall.At = u.Received
			cfg.Publish(u)
		}
		return shouwang.Errorf(shouwang.CodeUnreachable, "camera closed the connection")
	}
}

// TestADayOfReconnects lets a day pass on a simulated clock: no goroutine, no
// memory and no queue may grow, and the camera must have been live nearly all of
// the time.
func TestADayOfReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Push = ""
		changes := 0
		m, err := New(cfg, Deps{OnStatus: func(shouwang.StreamStatus) { changes++ }, Pull: flaky()})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Start(shouwang.Camera{ID: "cam", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: "rtsp://cam/"}}}); err != nil {
			t.Fatal(err)
		}
		hub, _ := m.Hub("cam", shouwang.StreamMain)
		abandoned := hub.Subscribe(ReaderConfig{MaxUnits: 64}) // nobody reads it
		time.Sleep(time.Hour)
		synctest.Wait()
		goroutines, heap := runtime.NumGoroutine(), heapBytes()
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines {
			t.Errorf("%d goroutines after an hour, %d after a day", goroutines, n)
		}
		if h := heapBytes(); h > heap+1<<20 {
			t.Errorf("%d bytes of heap after an hour, %d after a day", heap, h)
		}
		s := m.Status()[0]
		if s.Reconnects < 20000 || s.Units < 24*3600*10/3*3/4 {
			t.Errorf("%d reconnects, %d units in a day", s.Reconnects, s.Units)
		}
		if a := abandoned.Stats(); a.Queued > 64 {
			t.Errorf("an abandoned reader holds %d units", a.Queued)
		}
	})
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestBackoffGrowsAndIsSpread(t *testing.T) {
	for failures, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 50: 30 * time.Second} {
		low, high := time.Hour, time.Duration(0)
		for range 1000 {
			d := backoff(time.Second, 30*time.Second, failures)
			low, high = min(low, d), max(high, d)
		}
		if high > most || low < most/2 || high-low < most/4 {
			t.Errorf("after %d failures: %s to %s, want within %s to %s", failures, low, high, most/2, most)
		}
	}
}

// TestRefusedIsRetriedSlowly: a wrong password must not lock the account.
func TestRefusedIsRetriedSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		cfg := DefaultConfig()
		cfg.Push = ""
		m, err := New(cfg, Deps{Pull: func(context.Context, rtsp.PullConfig) error {
			tries++
			return shouwang.Errorf(shouwang.CodeWrongPassword, "wrong password")
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		_ = m.Start(shouwang.Camera{ID: "cam", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: "rtsp://cam/"}}})
		time.Sleep(time.Hour)
		synctest.Wait()
		if tries < 12 || tries > 26 || m.Status()[0].State != shouwang.LinkRefused {
			t.Errorf("%d tries in an hour, %+v", tries, m.Status()[0])
		}
		before := tries
		m.Retry("cam")
		synctest.Wait()
		if tries != before+1 {
			t.Error("a person who mended it must wait")
		}
	})
}

// TestStallIsShown: connected and silent is a state of its own.
func TestStallIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Push = ""
		m, err := New(cfg, Deps{Pull: func(ctx context.Context, c rtsp.PullConfig) error {
			u := unitAt(0, 10)
			u.Received = c.Now()
			c.Publish(u)
			<-ctx.Done()
			return ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		_ = m.Start(shouwang.Camera{ID: "cam", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: "rtsp://cam/"}}})
		time.Sleep(4 * time.Second)
		if s := m.Status()[0]; s.State != shouwang.LinkLive {
			t.Errorf("%+v", s)
		}
		time.Sleep(3 * time.Second)
		if s := m.Status()[0]; s.State != shouwang.LinkStalled || s.Code != shouwang.CodeStalled {
			t.Errorf("%+v", s)
		}
	})
}

// TestPermissionIsAskedAgain: a withdrawal that nobody told us of ends the
// session within fifteen seconds all the same.
func TestPermissionIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Push = ""
		var denied atomic.Bool
		var running atomic.Int32
		m, err := New(cfg, Deps{
			Allowed: func(shouwang.CameraID) error {
				if denied.Load() {
					return shouwang.Errorf(shouwang.CodeDenied, "outside the hours")
				}
				return nil
			},
			Pull: func(ctx context.Context, c rtsp.PullConfig) error {
				running.Add(1)
				defer running.Add(-1)
				<-ctx.Done()
				return ctx.Err()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		_ = m.Start(shouwang.Camera{ID: "cam", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: "rtsp://cam/"}}})
		time.Sleep(time.Minute)
		synctest.Wait()
		if running.Load() != 1 {
			t.Fatalf("%d sessions", running.Load())
		}
		denied.Store(true)
		time.Sleep(17 * time.Second)
		synctest.Wait()
		if s := m.Status()[0]; running.Load() != 0 || s.State != shouwang.LinkIdle || s.Detail != "outside the hours" {
			t.Errorf("%d sessions, %+v", running.Load(), s)
		}
		denied.Store(false)
		time.Sleep(17 * time.Second)
		synctest.Wait()
		if running.Load() != 1 {
			t.Error("does not come back")
		}
	})
}

func TestStartAdoptsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.Push = ""
		var started []string
		m, err := New(cfg, Deps{Pull: func(ctx context.Context, c rtsp.PullConfig) error {
			started = append(started, c.URL)
			<-ctx.Done()
			return ctx.Err()
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		main := shouwang.Source{Kind: shouwang.StreamMain, URL: "rtsp://a/main"}
		sub := shouwang.Source{Kind: shouwang.StreamSub, URL: "rtsp://a/sub"}
		cam := shouwang.Camera{ID: "cam", Sources: []shouwang.Source{main}}
		_ = m.Start(cam)
		synctest.Wait()
		mainHub, _ := m.Hub("cam", shouwang.StreamMain)
		if h, ok := m.Hub("cam", shouwang.StreamSub); !ok || h != mainHub {
			t.Error("a camera of one stream has no hub for analysis")
		}
		cam.Sources = []shouwang.Source{main, sub}
		_ = m.Start(cam)
		synctest.Wait()
		if h, _ := m.Hub("cam", shouwang.StreamMain); h != mainHub || len(started) != 2 {
			t.Errorf("the unchanged stream was disturbed: %v", started)
		}
		m.Stop("cam")
		if _, ok := m.Hub("cam", shouwang.StreamMain); ok || len(m.Status()) != 0 {
			t.Error("a stopped camera is still there")
		}
		m.Stop("never-there")
		for _, bad := range []shouwang.Camera{{ID: "Bad ID", Sources: cam.Sources}, {ID: "cam"}} {
			if err := m.Start(bad); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
				t.Errorf("%q: %v", bad.ID, err)
			}
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	good := DefaultConfig()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"push": func(c *Config) { c.Push = "nonsense" }, "timeout": func(c *Config) { c.Timeout = 0 },
		"backoff": func(c *Config) { c.BackoffMax = c.BackoffMin / 2 }, "history": func(c *Config) { c.HistoryBytes = -1 },
		"push_tls": func(c *Config) { c.PushTLS = "8322" }, "stall": func(c *Config) { c.StallAfter = 2 * time.Hour },
	} {
		c := DefaultConfig()
		spoil(&c)
		if err := c.Validate(); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}
