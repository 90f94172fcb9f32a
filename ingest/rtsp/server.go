package rtsp

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/auth"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"

	"shouwang"
)

// Publication is one camera's push session, offered to ServerConfig.Open.
type Publication struct {
	Camera shouwang.CameraID
	Stream shouwang.StreamKind
	Codec  shouwang.Codec
	Remote string // host:port, for the log
	// Counters may be called at any time.
	Counters func() Counters
	// Close ends the session; Sink.Closed follows.
	Close func()
}

// Sink takes what a publication sends.
type Sink struct {
	Identity
	Publish func(*shouwang.AccessUnit) // as PullConfig.Publish
	Closed  func()                     // called once, when the session is over
}

// ServerConfig describes a server that cameras publish to.
type ServerConfig struct {
	Addr string // host:port to listen on
	// TLS makes it an rtsps server.
	TLS *tls.Config
	Log *slog.Logger
	Now func() time.Time
	// Auth checks a camera's publish token, given as the password of basic
	// authentication under any user name. Its error is not sent.
	Auth func(camera shouwang.CameraID, token string) error
	// Secret, if set, returns the token in clear, which digest authentication
	// needs; without it only basic is offered.
	Secret func(camera shouwang.CameraID) (string, bool)
	// Open decides about an authenticated publication. Errors: CodeDenied
	// answers 403, CodeNotFound 404, CodeConflict 455.
	Open func(Publication) (Sink, error)
	// MaxConns bounds open connections; default 4096.
	MaxConns int
}

// Server takes publishing cameras at rtsp://HOST:PORT/push/CAMERA-ID and, for
// the second stream, /push/CAMERA-ID/sub. It describes and plays nothing to
// anybody: pictures come in here and do not go out.
type Server struct {
	cfg   ServerConfig
	rtsp  *gortsplib.Server
	addr  net.Addr
	conns atomic.Int64

	mu       sync.Mutex
	sessions map[*gortsplib.ServerSession]*publishing
}

type publishing struct {
	stream *stream
	sink   Sink
	format format
}

// Listen starts a server. A port in use is an error with CodePortInUse.
func Listen(cfg ServerConfig) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 4096
	}
	s := &Server{cfg: cfg, sessions: map[*gortsplib.ServerSession]*publishing{}}
	methods := []auth.VerifyMethod{auth.VerifyMethodBasic}
	if cfg.Secret != nil {
		methods = append(methods, auth.VerifyMethodDigestMD5)
	}
	s.rtsp = &gortsplib.Server{
		Handler: s, RTSPAddress: cfg.Addr, TLSConfig: cfg.TLS, AuthMethods: methods,
		Listen: func(network, address string) (net.Listener, error) {
			l, err := net.Listen(network, address)
			if err == nil {
				s.addr = l.Addr()
			}
			return l, err
		},
	}
	if err := s.rtsp.Start(); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, shouwang.Errorf(shouwang.CodePortInUse,
				"RTSP address %s is in use: stop the other program or choose another with --rtsp", cfg.Addr)
		}
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "listen for RTSP on %s: %w", cfg.Addr, err)
	}
	return s, nil
}

// Addr returns the address listened on.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends every session and waits for them.
func (s *Server) Close() { s.rtsp.Close() }

// OnConnOpen implements gortsplib's handler: it bounds the connections.
func (s *Server) OnConnOpen(ctx *gortsplib.ServerHandlerOnConnOpenCtx) {
	if s.conns.Add(1) > int64(s.cfg.MaxConns) {
		ctx.Conn.Close()
	}
}

// OnConnClose implements gortsplib's handler.
func (s *Server) OnConnClose(*gortsplib.ServerHandlerOnConnCloseCtx) { s.conns.Add(-1) }

// OnAnnounce implements gortsplib's handler: who may publish what.
func (s *Server) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	id, kind, ok := pushPath(ctx.Path)
	if !ok {
		return refuse(base.StatusNotFound, "publish to /push/CAMERA-ID"), nil
	}
	if err := s.authenticate(ctx.Conn, ctx.Request, id); err != nil {
		// Every publisher's first request comes without credentials: it is asked
		// for them, and only then has something to be refused for.
		if len(ctx.Request.Header["Authorization"]) > 0 {
			s.cfg.Log.Warn("publisher refused", "camera", id, "remote", ctx.Conn.NetConn().RemoteAddr().String())
		}
		return &base.Response{StatusCode: base.StatusUnauthorized, Header: base.Header{}}, liberrors.ErrServerAuth{}
	}
	f, err := onlyVideo(ctx.Description)
	if err != nil {
		return refuse(base.StatusUnsupportedMediaType, err.Error()), nil
	}
	p := &publishing{format: f}
	session := ctx.Session
	p.stream = newStream(Identity{}, f, s.cfg.Now, func(u *shouwang.AccessUnit) { p.sink.Publish(u) })
	p.sink, err = s.cfg.Open(Publication{
		Camera: id, Stream: kind, Codec: f.codec,
		Remote:   ctx.Conn.NetConn().RemoteAddr().String(),
		Counters: p.stream.Counters,
		Close:    func() { p.stream.close(); session.Close() },
	})
	if err != nil {
		return refuse(statusOf(err), err.Error()), nil
	}
	p.stream.id = p.sink.Identity
	s.mu.Lock()
	s.sessions[session] = p
	s.mu.Unlock()
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// onlyVideo refuses an announcement of anything but one video stream: sound
// that is announced would cross the wire before it could be dropped.
func onlyVideo(desc *description.Session) (format, error) {
	f, err := choose(desc)
	if err != nil {
		return f, err
	}
	if len(desc.Medias) != 1 {
		return f, errors.New("only video is taken in: publish without sound (ffmpeg -an)")
	}
	return f, nil
}

// OnSetup implements gortsplib's handler: only publishers set anything up.
func (s *Server) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if s.session(ctx.Session) == nil {
		return refuse(base.StatusForbidden, "nothing is played here"), nil, nil
	}
	return &base.Response{StatusCode: base.StatusOK}, nil, nil
}

// OnRecord implements gortsplib's handler: packets flow from now on.
func (s *Server) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	p := s.session(ctx.Session)
	if p == nil {
		return refuse(base.StatusForbidden, "nothing was announced"), nil
	}
	ctx.Session.OnPacketRTP(p.format.media, p.format.format, p.stream.packet)
	ctx.Session.OnPacketRTCP(p.format.media, p.stream.control)
	return &base.Response{StatusCode: base.StatusOK}, nil
}

// OnSessionClose implements gortsplib's handler.
func (s *Server) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	s.mu.Lock()
	p := s.sessions[ctx.Session]
	delete(s.sessions, ctx.Session)
	s.mu.Unlock()
	if p != nil {
		p.stream.close()
		p.sink.Closed()
	}
}

// OnPacketsLost implements gortsplib's handler; the assembler counts.
func (s *Server) OnPacketsLost(*gortsplib.ServerHandlerOnPacketsLostCtx) {}

// OnDecodeError implements gortsplib's handler.
func (s *Server) OnDecodeError(ctx *gortsplib.ServerHandlerOnDecodeErrorCtx) {
	s.cfg.Log.Debug("bad packet from publisher", "err", ctx.Error)
}

func (s *Server) session(ss *gortsplib.ServerSession) *publishing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[ss]
}

// authenticate checks the publish token: any user name, the token as password.
func (s *Server) authenticate(conn *gortsplib.ServerConn, req *base.Request, id shouwang.CameraID) error {
	var h headers.Authorization
	user := "camera"
	unread := h.Unmarshal(req.Header["Authorization"])
	if unread == nil && h.Username != "" {
		user = h.Username
	}
	if unread == nil && h.Method == headers.AuthMethodBasic {
		return s.cfg.Auth(id, h.BasicPass)
	}
	token, known := "", false
	if s.cfg.Secret != nil {
		token, known = s.cfg.Secret(id)
	}
	// Called in any case: it makes the nonce that the answer carries.
	if ok := conn.VerifyCredentials(req, user, token); !ok || !known || token == "" {
		return errors.New("wrong token")
	}
	return nil
}

// pushPath reads /push/CAMERA-ID[/main|/sub].
func pushPath(path string) (shouwang.CameraID, shouwang.StreamKind, bool) {
	rest, ok := strings.CutPrefix(path, "/push/")
	if !ok {
		return "", "", false
	}
	name, kind, has := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	if !has {
		kind = string(shouwang.StreamMain)
	}
	id, stream := shouwang.CameraID(name), shouwang.StreamKind(kind)
	return id, stream, id.Valid() && (stream == shouwang.StreamMain || stream == shouwang.StreamSub)
}

func statusOf(err error) base.StatusCode {
	switch shouwang.CodeOf(err) {
	case shouwang.CodeDenied:
		return base.StatusForbidden
	case shouwang.CodeNotFound:
		return base.StatusNotFound
	case shouwang.CodeConflict:
		return base.StatusMethodNotValidInThisState
	}
	return base.StatusInternalServerError
}

func refuse(code base.StatusCode, why string) *base.Response {
	return &base.Response{StatusCode: code, StatusMessage: why}
}
