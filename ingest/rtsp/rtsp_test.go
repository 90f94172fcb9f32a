package rtsp

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
	"github.com/bluenviron/gortsplib/v4/pkg/sdp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"go.uber.org/goleak"

	"shouwang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const sampleSDP = "v=0\r\no=- 0 0 IN IP4 10.0.0.1\r\ns=cam\r\nc=IN IP4 8.8.8.8\r\nt=0 0\r\n" +
	"m=audio 0 RTP/AVP nonsense\r\na=rtpmap:zzz\r\na=control:trackID=1\r\n" +
	"m=video 0 RTP/AVP 96\r\nc=IN IP4 8.8.8.8\r\na=rtpmap:96 H264/90000\r\n" +
	"a=fmtp:96 packetization-mode=1;sprop-parameter-sets=***,###;profile-level-id=64001F\r\na=control:trackID=0\r\n" +
	"m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n"

// read parses a description as a session does.
func read(raw []byte) (*description.Session, error) {
	var doc sdp.SessionDescription
	if err := doc.Unmarshal(raw); err != nil {
		return nil, err
	}
	var desc description.Session
	return &desc, desc.Unmarshal(&doc)
}

func TestOnlyVideoIsLeftOfADescription(t *testing.T) {
	if _, err := read([]byte(sampleSDP)); err == nil {
		t.Fatal("the sample is readable as it is: the test shows nothing")
	}
	out := videoOnly([]byte(sampleSDP))
	for _, word := range []string{"audio", "onvif", "8.8.8.8", "***"} {
		if strings.Contains(string(out), word) {
			t.Errorf("%q is still there:\n%s", word, out)
		}
	}
	desc, err := read(out)
	if err != nil {
		t.Fatal(err)
	}
	f, err := choose(desc)
	if err != nil || f.codec != shouwang.CodecH264 || len(desc.Medias) != 1 {
		t.Errorf("%+v %v", f, err)
	}
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(sampleSDP))
	f.Add([]byte("v=0\nm=video 0 RTP/AVP 26\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, _ = read(raw) // a publisher's description is read as it came: it must not panic
		out := videoOnly(raw)
		if len(out) > 3*maxSDP {
			t.Fatalf("%d bytes of %d", len(out), len(raw))
		}
		desc, err := read(out)
		if err != nil {
			return
		}
		for _, m := range desc.Medias {
			if m.Type != description.MediaTypeVideo {
				t.Errorf("medium %s got through", m.Type)
			}
		}
		_, err = choose(desc)
		if err != nil && (strings.ContainsAny(err.Error(), "\r\n\x00") || len(err.Error()) > 200) {
			t.Errorf("%q", err)
		}
	})
}

func TestTransportHeaderKeepsNoAddress(t *testing.T) {
	got := ownTransport("RTP/AVP;unicast;client_port=5000-5001; source=169.254.169.254;destination=1.2.3.4;server_port=6000-6001;ssrc=1")
	if got != "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=1" {
		t.Errorf("%s", got)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	u, _ := url.Parse("rtsp://admin:hunter%202@10.0.0.7:554/a?token=abcdef")
	for _, err := range []error{
		errors.New("parse rtsp://admin:hunter%202@10.0.0.7/a?token=abcdef: bad\r\nX-Evil: 1"),
		errors.New("server says hunter 2 and admin"),
		liberrors.ErrClientBadStatusCode{Code: 418, Message: "admin:hunter 2 " + strings.Repeat("x", 1000)},
		liberrors.ErrClientBadStatusCode{Code: base.StatusUnauthorized},
		liberrors.ErrClientRequestTimedOut{},
		nil,
	} {
		got := explain(err, u)
		var e *shouwang.Error
		if !errors.As(got, &e) || e.Code == "" {
			t.Errorf("%v becomes %v, no error to act on", err, got)
			continue
		}
		for _, secret := range []string{"hunter", "admin", "abcdef", "\n", "\r"} {
			if strings.Contains(got.Error(), secret) {
				t.Errorf("%q shows %q", got, secret)
			}
		}
		if len(got.Error()) > 300 {
			t.Errorf("%d characters long", len(got.Error()))
		}
	}
}

func TestPushPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/push/door-17": "door-17 main", "/push/door-17/": "door-17 main", "/push/door-17/sub": "door-17 sub",
		"/push/door-17/main": "door-17 main", "/push/": "", "/push/Door": "", "/push/a/b": "", "/push/../x": "",
		"/other/door-17": "", "/push/a/sub/x": "", "": "",
	} {
		id, kind, ok := pushPath(path)
		got := string(id) + " " + string(kind)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// feed drives a stream with hand-made packets: 10 pictures a second.
func TestStreamMakesUnits(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var units []*shouwang.AccessUnit
	sps := []byte("\x67\x64\x00\x16\xac\xd9\x40\xa0\x2f\xf9\x70\x11\x00\x00\x03\x00\x01\x00\x00\x03\x00\x14\x0f\x16\x2d\x96")
	pps := []byte("\x68\xeb\xe3\xcb\x22\xc0")
	s := newStream(Identity{Camera: "c", Stream: shouwang.StreamSub, Epoch: 7}, format{codec: shouwang.CodecH264, sps: sps, pps: pps},
		func() time.Time { return now }, func(u *shouwang.AccessUnit) { units = append(units, u) })
	seq := uint16(0)
	send := func(i int, key, lose bool) {
		seq++
		if lose {
			return
		}
		payload := []byte{0x41, 0x9a, 1}
		if key {
			payload[0] = 0x65
		}
		s.packet(&rtp.Packet{Header: rtp.Header{SequenceNumber: seq, Timestamp: uint32(i * 9000), Marker: true}, Payload: payload})
	}
	for i := range 60 {
		now = now.Add(100 * time.Millisecond)
		send(i, i%10 == 5, i >= 20 && i < 24)
		if i == 30 {
			ahead := now.Add(90 * time.Second)
			s.control(&rtcp.SenderReport{NTPTime: uint64(ahead.Unix()+2208988800)<<32 | 1<<31, RTPTime: uint32(i * 9000)})
		}
	}
	if len(units) != 51 || !units[0].Key || units[0].PTS != 0 || units[0].Epoch != 7 || units[0].Stream != shouwang.StreamSub {
		t.Fatalf("%d units, first %+v", len(units), units[0])
	}
	lost := 0
	for i, u := range units {
		if u.Seq != uint64(i) {
			t.Errorf("unit %d has seq %d", i, u.Seq)
		}
		lost += u.Lost
	}
	if lost != 4 || units[15].Lost != 4 {
		t.Errorf("%d lost of 4, %d before unit 15", lost, units[15].Lost)
	}
	last := units[len(units)-1].Wall
	if last.Source != shouwang.StampSenderReport || (last.Offset-90*time.Second).Abs() > time.Second {
		t.Errorf("%+v", last)
	}
	s.close()
	send(60, true, false)
	if len(units) != 51 {
		t.Error("a closed stream publishes")
	}
}
