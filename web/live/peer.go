package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"shouwang"
	"shouwang/web/watch"
)

// ErrGone is the end of a session that the viewer ended or that broke down.
var ErrGone = errors.New("viewer is gone")

// Source is where a peer's pictures come from: H.264, in the order of
// showing. io.EOF ends it; a *shouwang.Overrun is skipped. One that is a
// watch.Refresher, too, is asked for a key frame when the viewer asks.
type Source interface {
	Next(ctx context.Context) (*shouwang.AccessUnit, error)
}

// Peer is one viewer's connection.
type Peer struct {
	pc     *webrtc.PeerConnection
	track  *webrtc.TrackLocalStaticRTP
	sender *webrtc.RTPSender
	log    *slog.Logger

	up   chan struct{} // closed when media can flow
	gone chan struct{} // closed when the connection failed or closed
	once struct{ up, gone sync.Once }
	wg   sync.WaitGroup
	// refresh has the source give a key frame; nil before it plays.
	refresh atomic.Pointer[func()]
}

func newPeer(pc *webrtc.PeerConnection, log *slog.Logger) *Peer {
	p := &Peer{pc: pc, log: log, up: make(chan struct{}), gone: make(chan struct{})}
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			p.once.up.Do(func() { close(p.up) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed, webrtc.PeerConnectionStateDisconnected:
			p.once.gone.Do(func() { close(p.gone) })
		default:
		}
	})
	return p
}

// answer negotiates one outgoing H.264 track and gathers every candidate.
func (p *Peer) answer(ctx context.Context, offer string) (string, error) {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "read offer: %w", err)
	}
	var err error
	p.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: shouwang.MediaRate,
	}, "video", "shouwang")
	if err != nil {
		return "", fmt.Errorf("make track: %w", err)
	}
	if p.sender, err = p.pc.AddTrack(p.track); err != nil {
		return "", fmt.Errorf("add track: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	desc, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeBadCodec, "answer offer: %w; the browser must offer H.264 video", err)
	}
	if err := p.pc.SetLocalDescription(desc); err != nil {
		return "", shouwang.Errorf(shouwang.CodeBadCodec, "agree on video: %w; the browser must offer H.264 video", err)
	}
	if err := p.agreed(); err != nil {
		return "", err
	}
	select {
	case <-gathered:
	case <-time.After(gatherLimit):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	p.wg.Go(p.drain)
	return p.pc.LocalDescription().SDP, nil
}

// agreed checks that the answer really sends H.264: an offer without it, or
// without a place to receive video, is answered by pion with an idle track.
func (p *Peer) agreed() error {
	for _, t := range p.pc.GetTransceivers() {
		sends := t.Direction() == webrtc.RTPTransceiverDirectionSendonly || t.Direction() == webrtc.RTPTransceiverDirectionSendrecv
		if t.Mid() != "" && t.Sender() == p.sender && sends && len(p.sender.GetParameters().Codecs) > 0 {
			return nil
		}
	}
	return shouwang.Errorf(shouwang.CodeBadCodec, "the offer has no place for H.264 video; offer to receive it")
}

// drain reads the viewer's reports: interceptors work on them, and unread they
// would fill up. A viewer who lost a picture for good asks for a key frame
// (picture loss indication, RFC 4585; full intra request, RFC 5104).
func (p *Peer) drain() {
	buf := make([]byte, 1500)
	for {
		n, _, err := p.sender.Read(buf)
		if err != nil {
			return
		}
		refresh := p.refresh.Load()
		if refresh == nil {
			continue
		}
		if reports, err := rtcp.Unmarshal(buf[:n]); err == nil && slices.ContainsFunc(reports, lost) {
			(*refresh)()
		}
	}
}

func lost(report rtcp.Packet) bool {
	switch report.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		return true
	}
	return false
}

// Play sends the source's pictures from the first key frame until ctx ends
// (its cause is returned), the source ends (nil for io.EOF) or the viewer is
// gone (ErrGone). It is called once. Nothing is read from the source before the connection is up.
// sent is told the size of each picture on the wire, in bytes, and when the
// picture with its time stamp was taken.
func (p *Peer) Play(ctx context.Context, src Source, sent func(bytes int, m watch.Mark)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.NewTimer(joinLimit)
	defer timer.Stop()
	select {
	case <-p.up:
	case <-p.gone:
		return ErrGone
	case <-timer.C:
		return ErrGone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p.wg.Go(func() {
		select {
		case <-p.gone:
			cancel(ErrGone)
		case <-ctx.Done():
		}
	})
	if r, ok := src.(watch.Refresher); ok {
		refresh := r.Refresh
		p.refresh.Store(&refresh)
		defer p.refresh.Store(nil)
	}
	pack := newPacker()
	for {
		au, err := src.Next(ctx)
		var over *shouwang.Overrun
		switch {
		case errors.As(err, &over):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read picture: %w", err)
		}
		n, err := pack.send(au, time.Now(), p.track)
		if err != nil {
			return fmt.Errorf("send picture: %w", err)
		}
		if n > 0 {
			sent(n, pack.mark)
		}
	}
}

// Close ends the connection and waits until nothing of it runs.
func (p *Peer) Close() {
	if err := p.pc.Close(); err != nil {
		p.log.Debug("close peer connection", "error", err)
	}
	p.once.gone.Do(func() { close(p.gone) })
	p.wg.Wait()
}
