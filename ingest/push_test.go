package ingest_test

import (
	"errors"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest"
)

const token = "0a1b2c3d-publish"

func pushRig(t *testing.T, deps ingest.Deps) *rig {
	t.Helper()
	cfg := quick()
	cfg.Push = "127.0.0.1:0"
	deps.PushAuth = func(id shouwang.CameraID, given string) error {
		if id == "door-1" && given == token {
			return nil
		}
		return errors.New("wrong token")
	}
	r := newRig(t, cfg, deps)
	err := r.Start(shouwang.Camera{ID: "door-1", Sources: []shouwang.Source{
		{Kind: shouwang.StreamMain, Push: true}, {Kind: shouwang.StreamSub, Push: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// publish runs ffmpeg as a camera until it ends and returns what it complained.
func publish(t *testing.T, r *rig, userinfo, path string, extra ...string) string {
	t.Helper()
	need(t, "ffmpeg")
	args := append([]string{"-nostdin", "-loglevel", "error"}, scene(t)...)
	args = append(append(args, extra...), "-t", "2", "-f", "rtsp", "rtsp://"+userinfo+r.PushAddr().String()+path)
	out, _ := exec.Command("ffmpeg", args...).CombinedOutput()
	return string(out)
}

// publishWithSound is a camera that sends what nobody agreed to.
func publishWithSound(t *testing.T, r *rig) string {
	t.Helper()
	need(t, "ffmpeg")
	video := scene(t)
	args := append([]string{"-nostdin", "-loglevel", "error"}, video[:5]...)
	args = append(args, "-f", "lavfi", "-i", "sine", "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac",
		"-t", "2", "-f", "rtsp", "rtsp://edge:"+token+"@"+r.PushAddr().String()+"/push/door-1")
	out, _ := exec.Command("ffmpeg", args...).CombinedOutput()
	return string(out)
}

func TestPushIsRefused(t *testing.T) {
	t.Parallel()
	var denied atomic.Bool
	r := pushRig(t, ingest.Deps{Allowed: func(shouwang.CameraID) error {
		if denied.Load() {
			return errors.New("no consent")
		}
		return nil
	}})
	for name, c := range map[string]struct{ user, path, want string }{
		"no token":       {"", "/push/door-1", "401"},
		"wrong token":    {"edge:guess@", "/push/door-1", "401"},
		"unknown camera": {"edge:" + token + "@", "/push/door-2", "401"},
		"no such path":   {"edge:" + token + "@", "/live/door-1", "404"},
	} {
		if out := publish(t, r, c.user, c.path); !strings.Contains(out, c.want) {
			t.Errorf("%s: ffmpeg says %q, want %s", name, out, c.want)
		}
	}
	sound := publishWithSound(t, r)
	if !strings.Contains(sound, "415") {
		t.Errorf("sound: ffmpeg says %q", sound)
	}
	denied.Store(true)
	if out := publish(t, r, "edge:"+token+"@", "/push/door-1"); !strings.Contains(out, "403") {
		t.Errorf("without permission: ffmpeg says %q", out)
	}
	for _, s := range r.Status() {
		if s.Units != 0 {
			t.Errorf("%d units came in", s.Units)
		}
	}
}

func TestPushDigestSubStreamAndOnePublisher(t *testing.T) {
	t.Parallel()
	r := pushRig(t, ingest.Deps{PushSecret: func(id shouwang.CameraID) (string, bool) { return token, id == "door-1" }})
	hub, _ := r.Hub("door-1", shouwang.StreamSub)
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	url := "rtsp://any:" + token + "@" + r.PushAddr().String() + "/push/door-1/sub"
	ffmpeg(t, append(scene(t), "-f", "rtsp", url)...)
	whole(t, take(t, reader, 10))
	if out := publish(t, r, "any:"+token+"@", "/push/door-1/sub"); !strings.Contains(out, "455") {
		t.Errorf("a second publisher: ffmpeg says %q", out)
	}
	s := r.Status()
	if s[1].Stream != shouwang.StreamSub || s[1].State != shouwang.LinkLive || s[1].Transport != "push" || s[0].Units != 0 {
		t.Errorf("%+v", s)
	}
}

func TestPushEndsWithPermission(t *testing.T) {
	t.Parallel()
	var denied atomic.Bool
	r := pushRig(t, ingest.Deps{Allowed: func(shouwang.CameraID) error {
		if denied.Load() {
			return errors.New("no consent")
		}
		return nil
	}})
	hub, _ := r.Hub("door-1", shouwang.StreamMain)
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	ffmpeg(t, append(scene(t), "-f", "rtsp", "rtsp://any:"+token+"@"+r.PushAddr().String()+"/push/door-1")...)
	take(t, reader, 5)
	denied.Store(true)
	begin := time.Now()
	r.Refresh("door-1")
	r.until(t, "idle", func(s shouwang.StreamStatus) bool {
		return s.Stream == shouwang.StreamMain && s.State == shouwang.LinkIdle && s.Code == shouwang.CodeDenied
	})
	if d := time.Since(begin); d > time.Second || len(hub.History(time.Time{})) != 0 {
		t.Errorf("took %s, %d units remembered", d, len(hub.History(time.Time{})))
	}
}

// TestNobodyPullsFromUs: the push server shows nothing, whoever asks.
func TestNobodyPullsFromUs(t *testing.T) {
	t.Parallel()
	r := pushRig(t, ingest.Deps{})
	hub, _ := r.Hub("door-1", shouwang.StreamMain)
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	ffmpeg(t, append(scene(t), "-f", "rtsp", "rtsp://any:"+token+"@"+r.PushAddr().String()+"/push/door-1")...)
	take(t, reader, 3)
	path := r.PushAddr().String() + "/push/door-1"
	for _, request := range []string{
		"DESCRIBE rtsp://any:" + token + "@" + path + " RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n",
		"SETUP rtsp://" + path + "/trackID=0 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
		"PLAY rtsp://" + path + " RTSP/1.0\r\nCSeq: 1\r\nSession: 1\r\n\r\n",
	} {
		c, err := net.Dial("tcp", r.PushAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 512)
		n, _ := c.Read(answer)
		_ = c.Close()
		status := string(answer[:n])
		if !strings.HasPrefix(status, "RTSP/1.0 4") && !strings.HasPrefix(status, "RTSP/1.0 5") || strings.Contains(status, "m=video") {
			t.Errorf("%.8s is answered %q", request, status)
		}
	}
}

// TestDeadPublisherIsReplaced: a camera that lost its network comes back while
// its old connection still looks open.
func TestDeadPublisherIsReplaced(t *testing.T) {
	t.Parallel()
	r := pushRig(t, ingest.Deps{})
	hub, _ := r.Hub("door-1", shouwang.StreamMain)
	reader := hub.Subscribe(ingest.ReaderConfig{})
	defer reader.Close()
	url := "rtsp://any:" + token + "@" + r.PushAddr().String() + "/push/door-1"
	first := ffmpegProcess(t, append(scene(t), "-f", "rtsp", url)...)
	take(t, reader, 5)
	stopProcess(t, first) // frozen, its connection stays
	r.until(t, "stall", func(s shouwang.StreamStatus) bool { return s.State == shouwang.LinkStalled })
	ffmpeg(t, append(scene(t), "-f", "rtsp", url)...)
	for {
		if u := take(t, reader, 1)[0]; u.Epoch == 2 {
			return
		}
	}
}

func TestPortInUseIsSaidPlainly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	cfg := quick()
	cfg.Push = l.Addr().String()
	_, err = ingest.New(cfg, ingest.Deps{})
	if shouwang.CodeOf(err) != shouwang.CodePortInUse || !strings.Contains(err.Error(), cfg.Push) {
		t.Errorf("%v", err)
	}
}
