package live

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"shouwang"
	"shouwang/web/live/livetest"
	"shouwang/web/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func server(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Listen(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reel yields pictures of 3 kB at 100 a second; size bytes of slice each.
type reel struct{ n, stop int }

func (r *reel) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(10 * time.Millisecond):
	}
	if r.stop > 0 && r.n >= r.stop {
		return nil, io.EOF
	}
	r.n++
	if r.n == 7 {
		return nil, &shouwang.Overrun{Units: 1}
	}
	return picture(r.n - 1), nil
}

func picture(n int) *shouwang.AccessUnit {
	key := n%10 == 0
	slice := make([]byte, 3000)
	slice[0] = 0x41
	if key {
		slice[0] = 0x65
	}
	at := shouwang.MediaTime(n * 9000)
	return &shouwang.AccessUnit{
		PTS: at, DTS: at, Key: key, Seq: uint64(n), Received: time.Now(),
		Params: &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{0x67, 0x42, 0xc0, 0x1e}, PPS: []byte{0x68, 0xce}},
		Data:   append([]byte{0, 0, 0x0b, 0xb8}, slice...),
	}
}

func TestViewerReceivesOverUDPAndTCP(t *testing.T) {
	for name, cfg := range map[string]Config{"udp": {UDP: "127.0.0.1:0"}, "tcp": {TCP: "127.0.0.1:0"}} {
		t.Run(name, func(t *testing.T) {
			s := server(t, cfg)
			viewer, offer := livetest.New(t, livetest.Options{TCP: name == "tcp"})
			peer, answer, err := s.Answer(context.Background(), offer)
			if err != nil {
				t.Fatal(err)
			}
			defer peer.Close()
			viewer.Accept(t, answer)
			ctx, cancel := context.WithCancelCause(context.Background())
			sent, done := 0, make(chan error, 1)
			go func() { done <- peer.Play(ctx, &reel{}, func(n int, _ watch.Mark) { sent += n }) }()
			if err := viewer.WaitPictures(25, 10*time.Second); err != nil {
				t.Fatal(err)
			}
			stop := errors.New("stop")
			cancel(stop)
			if err := <-done; !errors.Is(err, stop) {
				t.Errorf("ended with %v", err)
			}
			if viewer.Keys.Load() < 2 || viewer.Backwards.Load() != 0 || sent < 25*3000 {
				t.Errorf("%d key frames, %d steps back, %d bytes", viewer.Keys.Load(), viewer.Backwards.Load(), sent)
			}
			if n := strings.Count(answer, "a=candidate:"); n == 0 {
				t.Error("the answer has no candidate")
			}
			for line := range strings.SplitSeq(answer, "\n") {
				if strings.HasPrefix(line, "a=rtpmap:") && !strings.Contains(line, "H264") {
					t.Errorf("the answer offers %s", line)
				}
			}
		})
	}
}

// asked is a reel that tells when it is asked for a key frame.
type asked struct {
	reel
	fresh chan struct{}
}

func (a *asked) Refresh() {
	select {
	case a.fresh <- struct{}{}:
	default:
	}
}

func TestViewerWhoLostAPictureHasTheSourceAsked(t *testing.T) {
	viewer, peer := connected(t)
	source := &asked{fresh: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- peer.Play(ctx, source, func(int, watch.Mark) {}) }()
	if err := viewer.WaitPictures(3, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if len(source.fresh) > 0 {
		t.Error("a key frame was asked for though nothing is lost")
	}
	if err := viewer.Lost(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-source.fresh:
	case <-time.After(10 * time.Second):
		t.Error("the source was not asked")
	}
	cancel()
	<-done
}

func TestPlayEndsWithItsSource(t *testing.T) {
	_, peer := connected(t)
	if err := peer.Play(context.Background(), &reel{stop: 5}, func(int, watch.Mark) {}); err != nil {
		t.Errorf("end of source: %v", err)
	}
}

func TestPlayEndsWithItsViewer(t *testing.T) {
	viewer, peer := connected(t)
	done := make(chan error, 1)
	go func() { done <- peer.Play(context.Background(), &reel{}, func(int, watch.Mark) {}) }()
	if err := viewer.WaitPictures(10, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	_ = viewer.Close()
	select {
	case err := <-done:
		if !errors.Is(err, ErrGone) {
			t.Errorf("viewer left: %v", err)
		}
	case <-time.After(8 * time.Second):
		t.Fatal("the viewer left and play goes on")
	}
}

// connected returns a viewer and the service's side of its connection.
func connected(t *testing.T) (*livetest.Viewer, *Peer) {
	t.Helper()
	s := server(t, Config{UDP: "127.0.0.1:0"})
	viewer, offer := livetest.New(t, livetest.Options{})
	peer, answer, err := s.Answer(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(peer.Close)
	viewer.Accept(t, answer)
	return viewer, peer
}

func TestOffersThatAreNoneAreRefused(t *testing.T) {
	s := server(t, Config{UDP: "127.0.0.1:0"})
	_, vp8 := livetest.New(t, livetest.Options{Codec: webrtc.MimeTypeVP8})
	for name, c := range map[string]struct {
		offer string
		code  shouwang.Code
	}{
		"nonsense": {"hello", shouwang.CodeBadUsage},
		"too long": {strings.Repeat("a", maxOffer+1), shouwang.CodeTooLarge},
		"vp8 only": {vp8, shouwang.CodeBadCodec},
		"no video": {"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", shouwang.CodeBadUsage},
	} {
		if _, _, err := s.Answer(context.Background(), c.offer); shouwang.CodeOf(err) != c.code {
			t.Errorf("%s: %v (code %s)", name, err, shouwang.CodeOf(err))
		}
	}
}

func TestPortInUseIsSaid(t *testing.T) {
	s := server(t, Config{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"})
	udp, tcp := s.Addrs()
	for _, cfg := range []Config{{UDP: udp[0].String()}, {TCP: tcp.String()}} {
		if _, err := Listen(cfg, slog.New(slog.DiscardHandler)); shouwang.CodeOf(err) != shouwang.CodePortInUse {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	if _, err := Listen(Config{UDP: "nowhere"}, slog.New(slog.DiscardHandler)); shouwang.CodeOf(err) != shouwang.CodeBadAddress {
		t.Errorf("bad address: %v", err)
	}
}

type packets struct{ list []*rtp.Packet }

func (p *packets) WriteRTP(r *rtp.Packet) error { p.list = append(p.list, r); return nil }

func TestPackerSendsWholePicturesWithTheirParameters(t *testing.T) {
	var w packets
	p := newPacker()
	if n, err := p.send(picture(3), time.Now(), &w); n != 0 || err != nil || len(w.list) != 0 {
		t.Error("something was sent before the first key frame")
	}
	if _, err := p.send(picture(10), time.Now(), &w); err != nil {
		t.Fatal(err)
	}
	markers := 0
	for i, r := range w.list {
		if len(r.Payload) > mtu {
			t.Errorf("packet %d has %d bytes", i, len(r.Payload))
		}
		if r.Marker {
			markers++
		}
		if i > 0 && r.SequenceNumber != w.list[i-1].SequenceNumber+1 {
			t.Errorf("packet %d: sequence breaks", i)
		}
	}
	if markers != 1 || !w.list[len(w.list)-1].Marker || w.list[0].Payload[0]&31 != 24 {
		t.Errorf("%d markers; first packet is of type %d, want STAP-A (24) with the parameter sets", markers, w.list[0].Payload[0]&31)
	}
}

func FuzzAppendAnnexB(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0x65})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 2, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		au := picture(1)
		au.Data = data
		if out := appendAnnexB(nil, au); len(out) > len(data) {
			t.Errorf("%d bytes out of %d", len(out), len(data))
		}
	})
}
