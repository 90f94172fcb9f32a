package rtsp

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
)

var (
	sampleSPS, _ = hex.DecodeString("67640016acd940a02ff97011000003000100000300140f162d96")
	samplePPS, _ = hex.DecodeString("68ebe3cb22c0")
)

// script is a camera of a few lines: it answers whatever it is asked, and
// after PLAY sends bytes in pieces and hangs up.
func script(t *testing.T, blob []byte, r *rand.Rand) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	sdp := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" +
		"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + base64.StdEncoding.EncodeToString(sampleSPS) + "," +
		base64.StdEncoding.EncodeToString(samplePPS) + "\r\na=control:track0\r\n"
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := textproto.NewReader(bufio.NewReader(c))
		for {
			first, err := in.ReadLine()
			if err != nil {
				return
			}
			h, err := in.ReadMIMEHeader()
			if err != nil {
				return
			}
			head := "RTSP/1.0 200 OK\r\nCSeq: " + h.Get("Cseq") + "\r\n"
			method, _, _ := strings.Cut(first, " ")
			switch method {
			case "OPTIONS":
				fmt.Fprintf(c, "%sPublic: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n", head)
			case "DESCRIBE":
				fmt.Fprintf(c, "%sContent-Type: application/sdp\r\nContent-Base: rtsp://%s/\r\nContent-Length: %d\r\n\r\n%s", head, l.Addr(), len(sdp), sdp)
			case "SETUP":
				fmt.Fprintf(c, "%sSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n", head)
			case "PLAY":
				fmt.Fprintf(c, "%sSession: 1\r\n\r\n", head)
				for b := blob; len(b) > 0; {
					n := min(len(b), 1+r.IntN(3000))
					_, _ = c.Write(b[:n])
					b = b[n:]
				}
				return
			}
		}
	}()
	return "rtsp://" + l.Addr().String() + "/"
}

// frameOf is an interleaved frame.
func frameOf(channel byte, payload []byte) []byte {
	return append([]byte{'$', channel, byte(len(payload) >> 8), byte(len(payload))}, payload...)
}

// faulty makes a stream of packets with everything that goes wrong with them.
func faulty(r *rand.Rand) []byte {
	f := &faults{Rand: r, seq: uint16(r.Uint32()), stamp: r.Uint32()}
	for i := range 120 {
		f.stamp += 9000
		f.picture(i%10 == 0)
		if i%7 == 0 {
			f.report(i)
		}
	}
	return f.blob
}

// faults writes a stream and loses, turns, cuts and changes packets of it.
type faults struct {
	*rand.Rand
	seq   uint16
	stamp uint32
	held  []byte // comes after its successor
	blob  []byte
}

func (f *faults) packet(pt byte, ssrc uint32, marker bool, payload []byte) []byte {
	b := make([]byte, 12, 12+len(payload))
	b[0], b[1] = 0x80, pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], f.seq)
	binary.BigEndian.PutUint32(b[4:], f.stamp)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	f.seq++
	return append(b, payload...)
}

func (f *faults) data(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.Uint32() | 1)
	}
	return b
}

func (f *faults) add(b []byte) {
	switch fault := f.IntN(60); {
	case fault == 0:
		return // lost
	case fault == 1 && f.held == nil:
		f.held = b
		return
	case fault == 2:
		b = b[:f.IntN(len(b))]
	case fault == 3:
		b[0] ^= byte(1 << f.IntN(8)) // version, padding, extension, sources
	case fault == 4:
		f.blob = append(f.blob, frameOf(2, b)...)
	case fault == 5:
		f.blob = append(f.blob, frameOf(byte(f.IntN(8)), f.data(f.IntN(40)))...)
	case fault == 6:
		f.blob = append(f.blob, "xx\r\n"...)
	case fault == 7:
		f.blob = append(f.blob, "RTSP/1.0 200 OK\r\nCSeq: 99\r\nContent-Length: 3\r\n\r\n$$$"...)
	}
	f.blob = append(f.blob, frameOf(2, b)...)
	if f.held != nil {
		f.blob = append(f.blob, frameOf(2, f.held)...)
		f.held = nil
	}
}

// picture adds one picture in one of the forms that RFC 6184 knows.
func (f *faults) picture(key bool) {
	header := byte(0x41)
	if key {
		header = 0x65
		f.add(f.packet(96, 7, false, sampleSPS))
		f.add(f.packet(96, 7, false, samplePPS))
	}
	switch f.IntN(6) {
	case 0: // one packet
		f.add(f.packet(96, 7, true, append([]byte{header, 0x88}, f.data(200)...)))
	case 1: // STAP-A of SEI and a slice
		body := append([]byte{24, 0, 3, 6, 1, 9, 0, 42, header, 0x88}, f.data(40)...)
		if f.IntN(8) == 0 {
			body[7] = byte(f.Uint32()) // a wrong length
		}
		f.add(f.packet(96, 7, true, body))
	case 2: // other packets between
		f.add(f.packet(97, 7, false, f.data(20)))
		f.add(f.packet(96, 8, true, append([]byte{header, 0x88}, f.data(20)...)))
		f.fragments(header)
	default:
		f.fragments(header)
	}
}

func (f *faults) fragments(header byte) {
	n := 2 + f.IntN(5)
	for k := range n {
		fu := header & 0x1f
		body := f.data(100 + f.IntN(1200))
		switch k {
		case 0:
			fu |= 0x80
			body[0] |= 0x80
		case n - 1:
			fu |= 0x40
		}
		f.add(f.packet(96, 7, k == n-1, append([]byte{header&0xe0 | 28, fu}, body...)))
	}
}

// report adds a sender report, cut short now and then.
func (f *faults) report(i int) {
	sr := make([]byte, 28)
	sr[0], sr[1], sr[3] = 0x80, 200, 6
	binary.BigEndian.PutUint32(sr[4:], 7)
	binary.BigEndian.PutUint32(sr[8:], 3_900_000_000+uint32(i)/10)
	binary.BigEndian.PutUint32(sr[16:], f.stamp)
	f.blob = append(f.blob, frameOf(3, sr[:28-4*f.IntN(2)])...)
}

// pulled runs a session to its end over swept connections, or one by one.
func pulled(t *testing.T, blob []byte, seed uint64, swept bool) (units []string, c Counters) {
	t.Helper()
	address := script(t, blob, rand.New(rand.NewPCG(seed, 3)))
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_700_000_000, 0)
	cfg := PullConfig{
		Identity: Identity{Camera: "a"}, URL: address, Now: func() time.Time { return now },
		Guard: &guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Publish: func(u *shouwang.AccessUnit) {
			units = append(units, fmt.Sprintf("%d %d %d %v %d %v %x", u.Seq, u.PTS, u.DTS, u.Key, u.Lost, u.Wall, u.Data))
		},
	}
	var counters func() Counters
	cfg.OnPlay = func(p Playing) { counters = p.Counters }
	cfg.defaults()
	s := &session{cfg: &cfg, url: u, dialer: pinned{guard: cfg.Guard, host: u.Hostname(), plain: swept}}
	if err := s.run(context.Background(), TransportTCP); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("ended with %v", err)
	}
	if (s.dialer.newest() != nil) != swept {
		t.Fatal("not the way that was asked for")
	}
	return units, counters()
}

// TestBothWaysMakeTheSameUnits plays the same bytes, with everything wrong in
// them, to a swept connection and to one that the library reads.
func TestBothWaysMakeTheSameUnits(t *testing.T) {
	total := 0
	for seed := range uint64(25) {
		blob := faulty(rand.New(rand.NewPCG(seed, 1)))
		want, wantCounts := pulled(t, blob, seed, false)
		got, counts := pulled(t, blob, seed, true)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("seed %d: unit %d of %d differs from the library's of %d", seed, i, len(got), len(want))
			}
		}
		if counts != wantCounts {
			t.Fatalf("seed %d: %+v, the library's way %+v", seed, counts, wantCounts)
		}
		total += len(got)
	}
	if total < 500 {
		t.Errorf("only %d units came of all streams", total)
	}
}
