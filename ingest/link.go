package ingest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"shouwang"
	"shouwang/ingest/rtsp"
)

// link supervises one stream of one camera: it decides when to connect, keeps
// the state and the counters, and owns the hub.
type link struct {
	m      *Manager
	camera shouwang.CameraID
	source shouwang.Source
	hub    *Hub
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // holds one token: look again now

	tell sync.Mutex // keeps OnStatus in order; taken before mu

	mu        sync.Mutex
	status    shouwang.StreamStatus
	meter     meter
	epoch     uint32
	end       context.CancelFunc // of the session under way
	denied    bool               // the session under way was ended by refresh
	good      rtsp.Transport     // what worked last
	publisher *rtsp.Publication  // pushed streams only
}

func newLink(m *Manager, id shouwang.CameraID, src shouwang.Source) *link {
	l := &link{
		m: m, camera: id, source: src,
		hub:  NewHub(HistoryLimits{Bytes: m.cfg.HistoryBytes, For: m.cfg.HistoryFor}),
		done: make(chan struct{}), wake: make(chan struct{}, 1),
		status: shouwang.StreamStatus{
			Camera: id, Stream: src.Kind, State: shouwang.LinkIdle, Since: m.deps.Clock(),
		},
	}
	l.ctx, l.cancel = context.WithCancel(m.ctx)
	return l
}

// run is the link's life: it ends with the link's context.
func (l *link) run() {
	defer close(l.done)
	defer l.hub.Close()
	if l.source.Push {
		l.runPush()
		return
	}
	for failures := 0; l.ctx.Err() == nil; {
		if !l.permitted() {
			l.wait(askEvery)
			continue
		}
		units := l.snapshot().Units
		err := l.session()
		if l.snapshot().Units > units {
			failures = 0 // it worked for a while: come back soon
		}
		failures++
		if l.ctx.Err() == nil && !l.takeDenied() {
			l.wait(l.failed(err, failures))
		}
	}
}

func (l *link) stop() {
	l.cancel()
	<-l.done
}

func (l *link) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// wait sleeps until the time is over, somebody kicks, or the link ends.
func (l *link) wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.wake:
	case <-l.ctx.Done():
	}
}

// permitted asks whether the camera may be used, and shows a refusal as idle.
func (l *link) permitted() bool {
	err := l.m.deps.Allowed(l.camera)
	if err == nil {
		return true
	}
	l.hub.Forget()
	l.set(shouwang.LinkIdle, shouwang.CodeDenied, err.Error())
	return false
}

// refresh ends a session that may no longer be, and wakes one that now may.
func (l *link) refresh() {
	if l.m.deps.Allowed(l.camera) != nil {
		l.mu.Lock()
		end := l.end
		l.denied = end != nil
		l.mu.Unlock()
		if end != nil {
			end()
		}
		l.hub.Forget()
	}
	if l.snapshot().State == shouwang.LinkIdle || l.source.Push {
		l.kick()
	}
}

func (l *link) takeDenied() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.denied
	l.denied = false
	return was
}

// session runs one pull session to its end.
func (l *link) session() error {
	ctx, cancel := context.WithCancel(l.ctx)
	defer cancel()
	l.mu.Lock()
	l.epoch++
	epoch, transport := l.epoch, l.good
	l.end = cancel
	l.mu.Unlock()
	if !l.permitted() { // asked again: a refresh before l.end was set saw nothing to end
		l.mu.Lock()
		l.end, l.denied = nil, true
		l.mu.Unlock()
		return nil
	}
	l.set(shouwang.LinkConnecting, "", "")
	err := l.m.deps.Pull(ctx, rtsp.PullConfig{
		Identity:  rtsp.Identity{Camera: l.camera, Stream: l.source.Kind, Epoch: epoch},
		URL:       l.source.URL,
		Transport: transport,
		Guard:     l.m.guard, TLS: l.m.deps.TLS,
		Timeout: l.m.cfg.Timeout, Stall: 2 * l.m.cfg.StallAfter,
		Now: l.m.deps.Clock, Log: l.m.deps.Log,
		Publish: l.unit,
		OnPlay:  l.playing,
	})
	l.mu.Lock()
	l.end = nil
	l.remember(transport, err)
	l.mu.Unlock()
	return err
}

// remember keeps the transport that brought pictures, and tries the other one
// after a session in which none came. Called with mu held.
func (l *link) remember(tried rtsp.Transport, err error) {
	switch {
	case l.status.State == shouwang.LinkLive || l.status.State == shouwang.LinkStalled:
	case rtsp.Silent(err) && tried != rtsp.TransportUDP:
		l.good = rtsp.TransportUDP
	default:
		l.good = rtsp.TransportAuto
	}
}

func (l *link) playing(p rtsp.Playing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status.Transport = string(p.Transport)
	l.status.Codec = p.Codec.String()
	if p.Transport == rtsp.TransportTCP || p.Transport == rtsp.TransportUDP {
		l.good = p.Transport
	}
}

// failed shows why the session ended and returns how long to wait.
func (l *link) failed(err error, failures int) time.Duration {
	code := shouwang.CodeOf(err)
	state, wait := shouwang.LinkBackoff, backoff(l.m.cfg.BackoffMin, l.m.cfg.BackoffMax, failures)
	switch code {
	case shouwang.CodeWrongPassword, shouwang.CodeBadCodec, shouwang.CodeNoVideo,
		shouwang.CodeAddressForbidden, shouwang.CodeBadAddress:
		state, wait = shouwang.LinkRefused, backoff(l.m.cfg.RefusedRetry, l.m.cfg.RefusedRetry, 1)
	}
	detail := "the session ended"
	if err != nil {
		detail = err.Error()
	}
	l.mu.Lock()
	l.status.Reconnects++
	l.mu.Unlock()
	l.set(state, code, detail)
	return wait
}

// backoff returns least*2^(failures-1), at most most, less a random half, so
// that a street of cameras does not come back in one instant after a power cut.
func backoff(least, most time.Duration, failures int) time.Duration {
	d := most
	if shift := failures - 1; shift < 20 {
		d = min(most, least<<shift)
	}
	return d/2 + rand.N(d/2+1)
}
