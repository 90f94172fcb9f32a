package camsim

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/pion/rtcp"
)

// Options describe a simulator. The zero value listens on a free loopback port,
// over TCP only.
type Options struct {
	Addr string      // default 127.0.0.1:0
	UDP  bool        // also serve over UDP
	TLS  *tls.Config // serve rtsps instead of rtsp
	// Digest asks for digest authentication only, Basic for basic only;
	// neither offers both.
	Digest, Basic bool
	// Publishing lets anyone publish to any path that no camera uses.
	Publishing bool
}

// Sim is a simulator: many cameras on one port, told apart by their paths.
type Sim struct {
	opts Options
	rtsp *gortsplib.Server
	addr net.Addr

	mu      sync.Mutex
	cameras map[string]*player // by path without slash
	relays  map[string]*relay
}

// New starts a simulator; Close it when done.
func New(opts Options) (*Sim, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	var err error
	for range 10 { // a random pair of UDP ports may be taken
		s := &Sim{opts: opts, cameras: map[string]*player{}, relays: map[string]*relay{}}
		if err = s.start(); err == nil {
			return s, nil
		}
		if !opts.UDP {
			break
		}
	}
	return nil, fmt.Errorf("start camera simulator: %w", err)
}

func (s *Sim) start() error {
	s.rtsp = &gortsplib.Server{
		Handler: s, RTSPAddress: s.opts.Addr, TLSConfig: s.opts.TLS, WriteQueueSize: 2048,
		DisableRTCPSenderReports: true, // the library's are wrong in the fraction; ours are sent by the player
		Listen: func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			if err == nil {
				s.addr = l.Addr()
			}
			return l, err
		},
	}
	switch {
	case s.opts.Digest:
		s.rtsp.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodDigestMD5}
	case s.opts.Basic:
		s.rtsp.AuthMethods = []auth.VerifyMethod{auth.VerifyMethodBasic}
	}
	if s.opts.UDP {
		port, err := evenPort()
		if err != nil {
			return err
		}
		s.rtsp.UDPRTPAddress = fmt.Sprintf("127.0.0.1:%d", port)
		s.rtsp.UDPRTCPAddress = fmt.Sprintf("127.0.0.1:%d", port+1)
	}
	return s.rtsp.Start()
}

func evenPort() (int, error) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).Port &^ 1, nil
}

// Addr returns host and port that the simulator listens on.
func (s *Sim) Addr() string { return s.addr.String() }

// URL returns the address of a path, with the camera's credentials if it has any.
func (s *Sim) URL(path string) string {
	scheme := "rtsp"
	if s.opts.TLS != nil {
		scheme = "rtsps"
	}
	user := ""
	s.mu.Lock()
	if p := s.cameras[path]; p != nil && p.cam.User != "" {
		user = p.cam.User + ":" + p.cam.Pass + "@"
	}
	s.mu.Unlock()
	return scheme + "://" + user + s.Addr() + "/" + path
}

// Serve begins to play a camera at a path; it plays until Remove or Close,
// whether anybody watches or not.
func (s *Sim) Serve(path string, cam Camera) error {
	p, err := newPlayer(s, cam)
	if err != nil {
		return fmt.Errorf("serve %s: %w", path, err)
	}
	s.mu.Lock()
	old := s.cameras[path]
	s.cameras[path] = p
	s.mu.Unlock()
	if old != nil {
		old.close()
	}
	p.begin()
	return nil
}

// Turn has a camera see something else from its next picture on, as if somebody
// had turned it: nobody is cut off, and its clocks go on. The clips must have the
// codec of those before. False when there is no such camera.
func (s *Sim) Turn(path string, clips ...*Clip) bool {
	p := s.camera(path)
	if p == nil || len(clips) == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turned = clips
	return true
}

// Remove takes a camera away: its clients are cut off.
func (s *Sim) Remove(path string) {
	s.mu.Lock()
	p := s.cameras[path]
	delete(s.cameras, path)
	s.mu.Unlock()
	if p != nil {
		p.close()
	}
}

// Close ends everything and waits.
func (s *Sim) Close() {
	s.mu.Lock()
	players := s.cameras
	s.cameras = map[string]*player{}
	s.mu.Unlock()
	for _, p := range players {
		p.close()
	}
	s.rtsp.Close()
}

func (s *Sim) camera(path string) *player {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cameras[strings.Trim(path, "/")]
}

var errAuth = errors.New("wrong credentials")

func authorised(conn *gortsplib.ServerConn, req *base.Request, p *player) error {
	if p.cam.User == "" || conn.VerifyCredentials(req, p.cam.User, p.cam.Pass) {
		return nil
	}
	return errAuth
}

func unauthorised() (*base.Response, *gortsplib.ServerStream, error) {
	return &base.Response{StatusCode: base.StatusUnauthorized, Header: base.Header{}}, nil, liberrors.ErrServerAuth{}
}

func answer(code base.StatusCode) *base.Response { return &base.Response{StatusCode: code} }

// OnDescribe implements gortsplib's handler.
func (s *Sim) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if r := s.relay(ctx.Path); r != nil {
		return answer(base.StatusOK), r.stream, nil
	}
	p := s.camera(ctx.Path)
	if p == nil {
		return answer(base.StatusNotFound), nil, nil
	}
	if authorised(ctx.Conn, ctx.Request, p) != nil {
		return unauthorised()
	}
	if p.cam.Faults.Redirect != "" {
		return &base.Response{
			StatusCode: base.StatusFound,
			Header:     base.Header{"Location": base.HeaderValue{p.cam.Faults.Redirect}},
		}, nil, nil
	}
	if p.cam.Faults.SDP != "" {
		return &base.Response{StatusCode: base.StatusOK, Body: []byte(p.cam.Faults.SDP)}, nil, nil
	}
	return answer(base.StatusOK), p.stream, nil
}

// OnSetup implements gortsplib's handler.
func (s *Sim) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if ctx.Session.State() == gortsplib.ServerSessionStatePreRecord {
		return answer(base.StatusOK), nil, nil
	}
	if r := s.relay(ctx.Path); r != nil {
		return answer(base.StatusOK), r.stream, nil
	}
	p := s.camera(ctx.Path)
	if p == nil {
		return answer(base.StatusNotFound), nil, nil
	}
	if authorised(ctx.Conn, ctx.Request, p) != nil {
		return unauthorised()
	}
	if p.cam.Faults.RefuseTCP && ctx.Transport == gortsplib.TransportTCP {
		return answer(base.StatusUnsupportedTransport), nil, nil
	}
	p.join(ctx.Conn)
	return answer(base.StatusOK), p.stream, nil
}

// OnPlay implements gortsplib's handler.
func (s *Sim) OnPlay(*gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	return answer(base.StatusOK), nil
}

// OnConnClose implements gortsplib's handler.
func (s *Sim) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.cameras {
		p.leave(ctx.Conn)
	}
}

// relay is a stream that somebody publishes to the simulator.
type relay struct {
	session *gortsplib.ServerSession
	stream  *gortsplib.ServerStream
}

func (s *Sim) relay(path string) *relay {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.relays[strings.Trim(path, "/")]
}

// OnAnnounce implements gortsplib's handler.
func (s *Sim) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	path := strings.Trim(ctx.Path, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.opts.Publishing || s.cameras[path] != nil || s.relays[path] != nil {
		return answer(base.StatusForbidden), nil
	}
	stream := &gortsplib.ServerStream{Server: s.rtsp, Desc: ctx.Description}
	if err := stream.Initialize(); err != nil {
		return answer(base.StatusInternalServerError), err
	}
	s.relays[path] = &relay{session: ctx.Session, stream: stream}
	return answer(base.StatusOK), nil
}

// OnRecord implements gortsplib's handler.
func (s *Sim) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	r := s.relay(ctx.Path)
	if r == nil || r.session != ctx.Session {
		return answer(base.StatusForbidden), nil
	}
	for _, m := range r.stream.Desc.Medias {
		for _, f := range m.Formats {
			ctx.Session.OnPacketRTP(m, f, func(p *rtpPacket) { _ = r.stream.WritePacketRTP(m, p) })
		}
		ctx.Session.OnPacketRTCP(m, func(p rtcp.Packet) {
			if sr, ok := p.(*rtcp.SenderReport); ok {
				own := *sr
				own.SSRC = ssrcOf(r.stream, m)
				own.Reports = nil
				_ = r.stream.WritePacketRTCP(m, &own)
			}
		})
	}
	return answer(base.StatusOK), nil
}

// OnSessionClose implements gortsplib's handler.
func (s *Sim) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.mu.Lock()
	var gone *relay
	for path, r := range s.relays {
		if r.session == ctx.Session {
			gone = r
			delete(s.relays, path)
		}
	}
	s.mu.Unlock()
	if gone != nil {
		gone.stream.Close()
	}
}
