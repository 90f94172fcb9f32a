package service

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"shouwang"
	"shouwang/analyze/pool"
	"shouwang/analyze/view"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest"
	"shouwang/policy"
)

// work is what is done with one camera's streams for as long as it is known:
// looking at one, recording the others. Whether a picture may be looked at or
// recorded is asked picture by picture; here it is only made possible.
type work struct {
	sight  *sight
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// startWork begins looking at and recording a camera that ingest has taken in.
func (n *node) startWork(cam shouwang.Camera) *work {
	ctx, cancel := context.WithCancel(n.life)
	w := &work{cancel: cancel, sight: &sight{
		camera: cam.ID, gate: n.gate, pool: n.pool, log: n.log, onEvent: n.happened, closed: n.looks.add,
		wake:  make(chan struct{}, 1),
		rules: n.cfg.path(filepath.Join("rules", string(cam.ID)+".json")),
		// The analyzer remembers where people may stand, so that whoever looks
		// later sees the scene veiled and not the whole picture.
		cfg: pipeline.Config{Cascade: n.usual(), Pool: pool.Options{
			Veil: true, View: func(g view.Grid) { n.seen(cam.ID, g) },
		}},
	}}
	if hub, ok := n.manager.Hub(cam.ID, shouwang.StreamSub); ok {
		w.done.Go(func() { w.sight.run(ctx, hub) })
	}
	for _, src := range cam.Sources {
		if hub, ok := n.manager.Hub(cam.ID, src.Kind); ok {
			w.done.Go(func() { n.recordStream(ctx, cam.ID, src.Kind, hub) })
		}
	}
	return w
}

// stop ends the work and waits for it: an open segment is closed and indexed.
func (w *work) stop() {
	w.cancel()
	w.done.Wait()
}

// Room for a recorder whose disk stalls: over a minute of a 4 Mbit/s stream.
const recorderQueue = 48 << 20

// recordStream runs the recorder on one stream until ctx ends. The recorder
// gets a queue of its own and never waits for anything but its disk.
func (n *node) recordStream(ctx context.Context, camera shouwang.CameraID, kind shouwang.StreamKind, hub *ingest.Hub) {
	session := n.recorder.Session(camera, kind)
	for ctx.Err() == nil {
		reader := hub.Subscribe(ingest.ReaderConfig{Name: "recorder", Policy: ingest.Report, MaxUnits: 4096, MaxBytes: recorderQueue})
		err := session.Run(ctx, reader, hub.History)
		reader.Close()
		if errors.Is(err, ingest.ErrHubClosed) || ctx.Err() != nil {
			return
		}
		n.log.Error("recording stopped and starts again", "camera", camera, "stream", kind, "error", err)
		if !sleep(ctx, time.Second) {
			return
		}
	}
}

// changed is called by the gate when what may be done with a camera may have
// changed ("" for any); it must not block.
func (n *node) changed(camera shouwang.CameraID) {
	select {
	case n.changes <- camera:
	default:
		// The queue is full of changes: one for all of them says as much.
		n.changeAll.Store(true)
	}
}

// follow carries changes of permission out: ingest connects or lets go, the
// recorder asks again, everybody is told.
func (n *node) follow(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case camera := <-n.changes:
			cameras := []shouwang.CameraID{camera}
			if camera == "" || n.changeAll.Swap(false) {
				cameras = n.known()
			}
			for _, id := range cameras {
				n.applyChange(ctx, id)
			}
		}
	}
}

func (n *node) applyChange(ctx context.Context, camera shouwang.CameraID) {
	n.manager.Refresh(camera)
	n.recorder.Invalidate(ctx, camera)
	state := ""
	for _, c := range n.gate.World().CurrentConsents(policy.CameraResource(camera)) {
		state = string(c.State)
	}
	if _, err := n.bus.Publish(ctx, shouwang.TopicConsent, shouwang.ConsentChange{Camera: camera, State: state}); err != nil && ctx.Err() == nil {
		n.log.Error("change of consent could not be told", "camera", camera, "error", err)
	}
}
