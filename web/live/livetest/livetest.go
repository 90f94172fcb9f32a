// Package livetest is a viewer for tests: a real WebRTC peer that offers to
// receive video, and counts what comes.
package livetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtcp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

// Viewer is one receiving peer.
type Viewer struct {
	pc *webrtc.PeerConnection
	// Packets, Pictures and Keys count what arrived: RTP packets, finished
	// access units, and those among them that hold an IDR picture after its
	// parameter sets.
	Packets, Pictures, Keys atomic.Int64
	// LastTime is the newest picture's RTP timestamp.
	LastTime atomic.Uint32
	// Backwards counts pictures whose timestamp did not grow.
	Backwards atomic.Int64
	closed    chan struct{}
}

// Options choose how a viewer connects.
type Options struct {
	TCP   bool // ICE over TCP only
	Codec string
}

// New returns a viewer and its offer with all candidates.
func New(t *testing.T, o Options) (*Viewer, string) {
	t.Helper()
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if o.TCP {
		se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}
	media := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}
	if o.Codec != "" {
		codec = webrtc.RTPCodecCapability{MimeType: o.Codec, ClockRate: 90000}
	}
	check(t, media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: codec, PayloadType: 109}, webrtc.RTPCodecTypeVideo))
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	check(t, err)
	v := &Viewer{pc: pc, closed: make(chan struct{})}
	t.Cleanup(func() { _ = pc.Close() })
	var once atomic.Bool
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if (s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateDisconnected) && !once.Swap(true) {
			close(v.closed)
		}
	})
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { v.read(track) })
	_, err = pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	check(t, err)
	gathered := webrtc.GatheringCompletePromise(pc)
	offer, err := pc.CreateOffer(nil)
	check(t, err)
	check(t, pc.SetLocalDescription(offer))
	<-gathered
	return v, pc.LocalDescription().SDP
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Accept takes the service's answer.
func (v *Viewer) Accept(t *testing.T, answer string) {
	t.Helper()
	check(t, v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
}

// Close leaves, as a browser that is closed does.
func (v *Viewer) Close() error { return v.pc.Close() }

// Lost tells the service that a picture of the track that is received is lost
// for good (picture loss indication, RFC 4585).
func (v *Viewer) Lost() error {
	for _, r := range v.pc.GetReceivers() {
		if t := r.Track(); t != nil {
			return v.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
	}
	return errors.New("nothing is received")
}

// Ended is closed when the service ended the connection.
func (v *Viewer) Ended() <-chan struct{} { return v.closed }

// read depacketizes the track (RFC 6184) and counts its pictures.
func (v *Viewer) read(track *webrtc.TrackRemote) {
	var depacketizer codecs.H264Packet
	var nals []byte // types of the NAL units of the picture
	var last uint32
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		v.Packets.Add(1)
		out, err := depacketizer.Unmarshal(p.Payload)
		if err != nil {
			continue
		}
		if len(out) > 4 {
			nals = append(nals, nalTypes(out)...)
		}
		if !p.Marker {
			continue
		}
		if v.Pictures.Load() > 0 && int32(p.Timestamp-last) <= 0 {
			v.Backwards.Add(1)
		}
		last = p.Timestamp
		v.LastTime.Store(last)
		if string(nals) == "\x07\x08\x05" || len(nals) > 2 && nals[0] == 7 && nals[1] == 8 && nals[len(nals)-1] == 5 {
			v.Keys.Add(1)
		}
		v.Pictures.Add(1)
		nals = nals[:0]
	}
}

// nalTypes lists the types of NAL units behind start codes.
func nalTypes(annexB []byte) (types []byte) {
	for i := 0; i+4 < len(annexB); i++ {
		if annexB[i] == 0 && annexB[i+1] == 0 && annexB[i+2] == 0 && annexB[i+3] == 1 {
			types = append(types, annexB[i+4]&31)
		}
	}
	return types
}

// WaitPictures returns when at least n pictures came, or an error after the
// time given.
func (v *Viewer) WaitPictures(n int64, within time.Duration) error {
	deadline := time.After(within)
	for v.Pictures.Load() < n {
		select {
		case <-deadline:
			return fmt.Errorf("%d pictures within %s, %d packets", v.Pictures.Load(), within, v.Packets.Load())
		case <-v.closed:
			return errors.New("the service ended the connection")
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}
