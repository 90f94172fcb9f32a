package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
)

// Options say how the demo runs.
type Options struct {
	Data, Cache, Videos string
	HTTP, RTSP, Media   string
	Model               string // of the classifier; "" names nothing
	Service             string // path of the binary shouwang
	Log                 *slog.Logger
	LogLevel            slog.Level // of the service
	Out                 io.Writer
}

// Run makes the clips, starts the cameras, seeds the township, starts the
// service and says where it is; it returns when ctx is done and all is
// stopped, or with the first thing that failed.
func Run(ctx context.Context, o Options) error {
	began := time.Now()
	say := func(line string) { fmt.Fprintln(o.Out, "demo:", line) }
	cameras := Cameras()
	specs := make([]ClipSpec, len(cameras))
	for i, c := range cameras {
		specs[i] = c.Clip
	}
	files, err := MakeClips(ctx, o.Videos, o.Cache, specs, say)
	if err != nil {
		return err
	}
	if err := clear(o.Data); err != nil {
		return err
	}
	// A publishing camera must find its relay, so the simulator comes first.
	sim, err := camsim.New(camsim.Options{Publishing: true})
	if err != nil {
		return err
	}
	defer sim.Close()
	life, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	sources, err := playPulled(life, &wg, sim, cameras, files, o.Log)
	if err != nil {
		return err
	}
	seeded, err := seed(ctx, o, sources)
	if err != nil {
		return err
	}
	service, err := start(life, o)
	if err != nil {
		return err
	}
	for i, c := range cameras {
		if token, ok := seeded.tokens[c.ID]; ok {
			wg.Go(func() { Publish(life, o.Log, files[i], PushURL(o.RTSP, c.ID, token)) })
		}
	}
	err = service.ready(life, o.HTTP)
	if err == nil {
		seeded.print(o, time.Since(began))
		err = service.wait(ctx)
	}
	stop()
	return errors.Join(err, service.stop())
}

// PushURL returns the address a camera pushes to. It holds the token.
func PushURL(addr string, camera shouwang.CameraID, token string) string {
	return fmt.Sprintf("rtsp://camera:%s@%s/push/%s", token, addr, camera)
}

// playPulled plays the cameras that are pulled: with ffmpeg publishing to the
// simulator, or by the simulator itself where the camera is to misbehave.
func playPulled(ctx context.Context, wg *sync.WaitGroup, sim *camsim.Sim, cameras []Camera, files []string, log *slog.Logger) (map[shouwang.CameraID]Source, error) {
	sources := map[shouwang.CameraID]Source{}
	own := map[string]camsim.Camera{}
	for i, c := range cameras {
		path := string(c.ID)
		switch {
		case c.Push:
			sources[c.ID] = Source{}
			continue
		case c.Faults != nil || c.Step:
			clip, err := camsim.Load(ctx, files[i], time.Minute)
			if err != nil {
				return nil, fmt.Errorf("load clip of %s: %w", c.ID, err)
			}
			cam := camsim.Camera{Clips: []*camsim.Clip{clip}, User: "demo", Pass: "demo-camera", ClockOffset: c.Clock}
			if c.Faults != nil {
				cam.Faults = *c.Faults
			}
			own[path] = cam
		default:
			wg.Go(func() { Publish(ctx, log, files[i], sim.URL(path)) })
		}
		sources[c.ID] = Source{URL: sim.URL(path)}
	}
	// All are loaded before the first is served, so that those that keep step
	// begin together.
	for path, cam := range own {
		if err := sim.Serve(path, cam); err != nil {
			return nil, err
		}
		sources[shouwang.CameraID(path)] = Source{URL: sim.URL(path)} // it holds the password now
	}
	return sources, nil
}

// clear removes the last demo's data, and nothing that is not a demo's.
func clear(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
		return shouwang.Errorf(shouwang.CodeBadUsage, "%s holds something that no demo made; choose another folder with -data", dir)
	}
	return os.RemoveAll(dir)
}

// marker is the file that says that a folder holds a demo.
const marker = "this-is-a-demo"
