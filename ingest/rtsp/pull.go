package rtsp

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"

	"shouwang"
	"shouwang/ingest/guard"
)

// Transport is how media travels.
type Transport string

// The transports. TransportAuto tries TCP, then UDP where TCP is refused.
const (
	TransportAuto Transport = ""
	TransportTCP  Transport = "tcp"
	TransportUDP  Transport = "udp"
	TransportTLS  Transport = "tls"
	TransportPush Transport = "push"
)

// PullConfig is one session with a camera that serves.
type PullConfig struct {
	Identity
	// URL is rtsp:// or rtsps://, with credentials if the camera asks for them. A
	// fragment #sha256=HEX pins the certificate of an rtsps camera.
	URL string
	// Transport is what to use; TransportAuto falls back.
	Transport Transport
	Guard     *guard.Guard
	TLS       TLS
	// Timeout bounds one request; default 10 s.
	Timeout time.Duration
	// Stall is how long the session lives without a picture; default 10 s.
	Stall time.Duration
	Now   func() time.Time // default time.Now
	Log   *slog.Logger     // default discards
	// Publish gets every access unit, from the session's goroutine. The unit is
	// the callee's; what Data points to is the session's again when it returns.
	Publish func(*shouwang.AccessUnit)
	// OnPlay, if set, is told once when the camera agreed to play.
	OnPlay func(Playing)
}

// Playing describes a session that has begun.
type Playing struct {
	Transport Transport
	Codec     shouwang.Codec
	RTT       time.Duration
	// Counters may be called at any time, also after the session ended.
	Counters func() Counters
}

func (c *PullConfig) defaults() {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Stall <= 0 {
		c.Stall = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Guard == nil {
		c.Guard = &guard.Guard{}
	}
}

// Pull runs one session: connect, describe, set up one video stream, play, and
// publish access units until the context ends (its error is returned), the
// camera goes away, or no picture came for cfg.Stall. Every other error is a
// *shouwang.Error with a line to act on and no credential in it. Pull leaves
// no goroutine behind.
func Pull(ctx context.Context, cfg PullConfig) error {
	cfg.defaults()
	u, err := guard.Parse(cfg.URL)
	if err != nil {
		return err
	}
	first := cfg.Transport
	if first == TransportAuto || u.Scheme == "rtsps" {
		first = TransportTCP
	}
	err = pullOver(ctx, &cfg, u, first)
	if cfg.Transport == TransportAuto && u.Scheme == "rtsp" && wantsUDP(err) {
		err = pullOver(ctx, &cfg, u, TransportUDP)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err, u)
}

// session is the state of one Pull.
type session struct {
	cfg    *PullConfig
	url    *url.URL
	dialer pinned
	client *gortsplib.Client
	stream *stream

	mu   sync.Mutex
	sent time.Time // of the request under way
	rtt  time.Duration
	// noVideo says that a description came and no video is in it.
	noVideo bool
}

func pullOver(ctx context.Context, cfg *PullConfig, u *url.URL, t Transport) error {
	s := &session{cfg: cfg, url: u, dialer: pinned{
		guard: cfg.Guard, host: u.Hostname(), plain: t == TransportTCP && u.Scheme == "rtsp",
	}}
	return s.run(ctx, t)
}

func (s *session) run(ctx context.Context, t Transport) error {
	s.client = s.newClient(t)
	if err := s.client.Start2(); err != nil {
		return err
	}
	watched := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ctx.Done():
		case <-stop:
		}
		s.client.Close()
	}()
	defer func() { <-watched }()
	defer close(stop)
	if err := s.play(t); err != nil {
		return err
	}
	defer s.stream.close()
	return s.watch(ctx)
}

func (s *session) newClient(t Transport) *gortsplib.Client {
	transport := gortsplib.TransportTCP
	if t == TransportUDP {
		transport = gortsplib.TransportUDP
	}
	host := s.url.Host
	if s.url.Port() == "" {
		host = s.url.Host + ":" + guard.DefaultPort(s.url.Scheme)
	}
	return &gortsplib.Client{
		Scheme: s.url.Scheme, Host: host,
		ReadTimeout: s.cfg.Timeout, WriteTimeout: s.cfg.Timeout,
		Transport: &transport, TLSConfig: s.cfg.TLS.config(s.url),
		UserAgent: "shouwang", WriteQueueSize: 8,
		DialContext:       s.dialer.dial,
		OnRequest:         func(*base.Request) { s.asked() },
		OnResponse:        s.answered,
		OnTransportSwitch: func(error) {},
		OnPacketsLost:     func(uint64) {}, // the assembler counts
		OnDecodeError:     s.badPacket,
	}
}

func (s *session) badPacket(err error) {
	s.cfg.Log.Debug("bad packet", "camera", s.cfg.Camera, "stream", s.cfg.Stream, "err", err)
}

func (s *session) asked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = s.cfg.Now()
}

// answered measures the round trip and cuts what must not be believed out of a
// response before gortsplib reads it.
func (s *session) answered(r *base.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.cfg.Now().Sub(s.sent); !s.sent.IsZero() && (s.rtt == 0 || d < s.rtt) {
		s.rtt = max(d, time.Microsecond)
	}
	if len(r.Body) > 0 {
		r.Body = videoOnly(r.Body)
		s.noVideo = !bytes.Contains(r.Body, []byte("\nm=video "))
	}
	if t := r.Header["Transport"]; len(t) == 1 {
		r.Header["Transport"] = base.HeaderValue{ownTransport(t[0])}
	}
}

func (s *session) offersNothing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noVideo
}

// play brings the session to the point where packets flow.
func (s *session) play(t Transport) error {
	address := *s.url
	address.Fragment = ""
	u, err := base.ParseURL(address.String())
	if err != nil {
		return shouwang.Errorf(shouwang.CodeBadAddress, "the address cannot be read: percent-encode special characters in it")
	}
	desc, _, err := s.client.Describe(u)
	if s.offersNothing() {
		return errNoVideo
	}
	if err != nil {
		return err
	}
	f, err := choose(desc)
	if err != nil {
		return err
	}
	agreed, err := s.client.Setup(desc.BaseURL, f.media, 0, 0)
	if err != nil {
		return err
	}
	s.stream = newStream(s.cfg.Identity, f, s.cfg.Now, s.cfg.Publish)
	s.attach(f, agreed)
	if _, err := s.client.Play(&headers.Range{Value: &headers.RangeNPT{Start: 0}}); err != nil {
		s.stream.close()
		return err
	}
	s.announce(t, f)
	return nil
}

// attach has the stream's packets handed to it: taken out of the connection
// where that is possible, else by the library.
func (s *session) attach(f format, agreed *base.Response) {
	channel, ok := interleaved(agreed.Header["Transport"])
	if conn := s.dialer.newest(); conn != nil && ok {
		tap(conn, channel, f, s.stream, s.cfg.Timeout, s.badPacket)
		return
	}
	s.client.OnPacketRTP(f.media, f.format, s.stream.packet)
	s.client.OnPacketRTCP(f.media, s.stream.control)
}

func (s *session) announce(t Transport, f format) {
	s.mu.Lock()
	rtt := s.rtt
	s.mu.Unlock()
	s.stream.setRTT(rtt)
	if s.url.Scheme == "rtsps" {
		t = TransportTLS
	}
	if s.cfg.OnPlay != nil {
		s.cfg.OnPlay(Playing{Transport: t, Codec: f.codec, RTT: rtt, Counters: s.stream.Counters})
	}
}

// watch waits for the end of the session.
func (s *session) watch(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.client.Wait() }()
	begun := s.cfg.Now()
	tick := time.NewTicker(min(time.Second, s.cfg.Stall/4))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.client.Close()
			<-ended
			return ctx.Err()
		case err := <-ended:
			return err
		case <-tick.C:
			if err := stalled(s.stream, begun, s.cfg.Now(), s.cfg.Stall); err != nil {
				s.client.Close()
				<-ended
				return err
			}
		}
	}
}

// stalled returns an error when no picture came for limit.
func stalled(s *stream, begun, now time.Time, limit time.Duration) error {
	c, last := s.snapshot()
	if last.IsZero() {
		last = begun
	}
	if now.Sub(last) < limit {
		return nil
	}
	switch {
	case c.Units > 0:
		return shouwang.Errorf(shouwang.CodeStalled, "the camera stopped sending: no picture for %s", limit)
	case c.Packets == 0:
		return &shouwang.Error{
			Code: shouwang.CodeStalled, Err: errSilent,
			Message: "the camera agreed to play but sends nothing: check its load and the firewall",
		}
	case c.BadParams > 0:
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera's parameter sets cannot be read: update its firmware or change its encoder settings")
	}
	return shouwang.Errorf(shouwang.CodeBadStream, "the camera sends packets but no key frame within %s: shorten its key frame interval", limit)
}
