// Package live sends a camera's pictures to a browser over WebRTC, offered by
// WHEP (RFC 9725, the egress profile's draft-ietf-wish-whep): one offer, one
// answer with all candidates in it, video out only, H.264 only. All media of
// all viewers goes through one UDP and one TCP port, so that a firewall needs
// two holes. It is the only place that imports pion/webrtc.
package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"shouwang"
)

const (
	maxOffer    = 64 << 10 // bytes of SDP taken from a caller
	gatherLimit = 3 * time.Second
	joinLimit   = 15 * time.Second // for ICE and DTLS to come up
)

// Config says where media is sent from.
type Config struct {
	// UDP and TCP are listen addresses, "host:port"; an empty host listens on
	// every interface, "" switches the transport off.
	UDP, TCP string
	// PublicIPs are told to browsers in place of the machine's own addresses,
	// when the machine stands behind address translation.
	PublicIPs []string
}

// Server answers offers. It holds the two sockets.
type Server struct {
	api *webrtc.API
	log *slog.Logger
	udp ice.UDPMux
	tcp ice.TCPMux
}

// Listen opens the two sockets. Errors have CodePortInUse or CodeBadAddress.
func Listen(cfg Config, log *slog.Logger) (*Server, error) {
	s := &Server{log: log}
	var se webrtc.SettingEngine
	se.LoggerFactory = quiet{log}
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetICETimeouts(5*time.Second, 10*time.Second, time.Second)
	if len(cfg.PublicIPs) > 0 {
		if err := se.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: cfg.PublicIPs, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteAppend,
		}); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadAddress, "use public addresses %v for live video: %w", cfg.PublicIPs, err)
		}
	}
	if err := s.listen(cfg, &se); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	media, registry, err := engines()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.api = webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry))
	return s, nil
}

func (s *Server) listen(cfg Config, se *webrtc.SettingEngine) error {
	var networks []webrtc.NetworkType
	if cfg.UDP != "" {
		mux, err := listenUDP(cfg.UDP, quiet{s.log}.NewLogger("ice"))
		if err != nil {
			return err
		}
		s.udp = mux
		se.SetICEUDPMux(mux)
		networks = append(networks, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if cfg.TCP != "" {
		l, err := net.Listen("tcp", cfg.TCP)
		if err != nil {
			return portError("tcp", cfg.TCP, err)
		}
		s.tcp = webrtc.NewICETCPMux(quiet{s.log}.NewLogger("ice"), l, 64)
		se.SetICETCPMux(s.tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	se.SetNetworkTypes(networks)
	return nil
}

// listenUDP binds one socket, or one for each address of the machine when no
// host is given: a reply must leave from the address that was asked.
func listenUDP(addr string, log logging.LeveledLogger) (ice.UDPMux, error) {
	host, portText, err := net.SplitHostPort(addr)
	port, perr := strconv.Atoi(portText)
	if err != nil || perr != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "live video address %q: write it as HOST:PORT", addr)
	}
	if ip := net.ParseIP(host); port != 0 && (host == "" || ip != nil && ip.IsUnspecified()) {
		mux, err := ice.NewMultiUDPMuxFromPort(port, ice.UDPMuxFromPortWithLoopback(), ice.UDPMuxFromPortWithLogger(log))
		if err != nil {
			return nil, portError("udp", addr, err)
		}
		return mux, nil
	}
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, portError("udp", addr, err)
	}
	return webrtc.NewICEUDPMux(log, conn), nil
}

func portError(network, addr string, err error) error {
	return shouwang.Errorf(shouwang.CodePortInUse,
		"listen for live video on %s %s: %w; choose another port or stop what uses it", network, addr, err)
}

// engines registers what we send: H.264 in packetization mode 1 (RFC 6184) for
// the profiles that browsers offer, with retransmission and reports.
func engines() (*webrtc.MediaEngine, *interceptor.Registry, error) {
	media := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}
	for i, profile := range []string{"42e01f", "42001f", "4d001f", "64001f", "640c1f"} {
		if err := media.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: shouwang.MediaRate,
				SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
				RTCPFeedback: feedback,
			},
			PayloadType: webrtc.PayloadType(102 + i),
		}, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, nil, fmt.Errorf("register codec: %w", err)
		}
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureNack(media, registry); err != nil {
		return nil, nil, fmt.Errorf("register retransmission: %w", err)
	}
	if err := webrtc.ConfigureRTCPReports(registry); err != nil {
		return nil, nil, fmt.Errorf("register reports: %w", err)
	}
	return media, registry, nil
}

// Addrs returns the addresses that media is sent from.
func (s *Server) Addrs() (udp []net.Addr, tcp net.Addr) {
	if s.udp != nil {
		udp = s.udp.GetListenAddresses()
	}
	if t, ok := s.tcp.(interface{ LocalAddr() net.Addr }); ok {
		tcp = t.LocalAddr()
	}
	return udp, tcp
}

// Close gives the sockets back; every Peer must have ended.
func (s *Server) Close() error {
	var errs []error
	if s.udp != nil {
		errs = append(errs, s.udp.Close())
	}
	if s.tcp != nil {
		errs = append(errs, s.tcp.Close())
	}
	return errors.Join(errs...)
}

// Answer takes a browser's offer and returns the peer and the answer for it.
// Whoever gets a Peer ends it with Close. Errors: CodeTooLarge, CodeBadUsage
// for an offer that is none, CodeBadCodec for one without H.264.
func (s *Server) Answer(ctx context.Context, offer string) (*Peer, string, error) {
	if len(offer) > maxOffer {
		return nil, "", shouwang.Errorf(shouwang.CodeTooLarge, "the offer has %d bytes; %d are taken", len(offer), maxOffer)
	}
	pc, err := s.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, "", fmt.Errorf("make peer connection: %w", err)
	}
	p := newPeer(pc, s.log)
	answer, err := p.answer(ctx, offer)
	if err != nil {
		p.Close()
		return nil, "", err
	}
	return p, answer, nil
}
