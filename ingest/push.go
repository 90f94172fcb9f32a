package ingest

import (
	"time"

	"shouwang"
	"shouwang/ingest/rtsp"
)

// takeoverAfter is how long a publisher may be silent before another one with
// the right token takes its place: the old one is then most likely a dead
// connection of the same camera.
const takeoverAfter = 2 * time.Second

// runPush watches over a pushed stream: sessions come to us.
func (l *link) runPush() {
	defer l.dismiss()
	for l.ctx.Err() == nil {
		if !l.permitted() {
			l.dismiss()
		} else if l.snapshot().State == shouwang.LinkIdle {
			l.set(shouwang.LinkConnecting, "", "waiting for the camera to publish")
		}
		l.wait(askEvery)
	}
}

// accept lets a publication in, or says why not: CodeDenied, CodeConflict.
func (l *link) accept(p rtsp.Publication) (rtsp.Sink, error) {
	if l.ctx.Err() != nil {
		return rtsp.Sink{}, shouwang.Errorf(shouwang.CodeNotFound, "the camera was taken out of service")
	}
	if err := l.m.deps.Allowed(l.camera); err != nil {
		return rtsp.Sink{}, shouwang.Errorf(shouwang.CodeDenied, "this camera may not be used now")
	}
	l.mu.Lock()
	old := l.publisher
	if old != nil && l.m.deps.Clock().Sub(l.lastSign()) < takeoverAfter {
		l.mu.Unlock()
		return rtsp.Sink{}, shouwang.Errorf(shouwang.CodeConflict, "another publisher is live on this stream")
	}
	mine := &p
	l.publisher = mine
	l.end = p.Close
	l.epoch++
	id := rtsp.Identity{Camera: l.camera, Stream: l.source.Kind, Epoch: l.epoch}
	l.status.Transport, l.status.Codec = string(rtsp.TransportPush), p.Codec.String()
	l.mu.Unlock()
	if old != nil {
		old.Close()
	}
	if err := l.m.deps.Allowed(l.camera); err != nil { // a refresh may have come in between
		return rtsp.Sink{}, l.revoke(mine)
	}
	l.set(shouwang.LinkConnecting, "", "the camera is about to publish")
	return rtsp.Sink{Identity: id, Publish: l.unit, Closed: func() { l.gone(mine) }}, nil
}

// revoke takes a publication back that was accepted a moment too late.
func (l *link) revoke(p *rtsp.Publication) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.publisher == p {
		l.publisher, l.end, l.denied = nil, nil, false
	}
	return shouwang.Errorf(shouwang.CodeDenied, "this camera may not be used now")
}

// lastSign returns when the publisher last showed life. Called with mu held.
func (l *link) lastSign() time.Time {
	if l.status.State == shouwang.LinkConnecting {
		return l.status.Since
	}
	return l.status.LastUnit
}

// gone notes that a publication is over, unless another took its place.
func (l *link) gone(p *rtsp.Publication) {
	l.mu.Lock()
	mine := l.publisher == p
	if mine {
		l.publisher, l.end = nil, nil
		l.status.Reconnects++
	}
	denied := l.denied
	l.denied = false
	l.mu.Unlock()
	if !mine || l.ctx.Err() != nil {
		return
	}
	if denied {
		l.kick()
		return
	}
	l.set(shouwang.LinkBackoff, shouwang.CodeUnreachable, "the camera stopped publishing: check its network")
}

// dismiss closes the publication, if there is one.
func (l *link) dismiss() {
	l.mu.Lock()
	p := l.publisher
	l.mu.Unlock()
	if p != nil {
		p.Close()
	}
}
