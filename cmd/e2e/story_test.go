package e2e

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/storage"
	"shouwang/storage/s3"
)

// measured is what the browser saw; times are milliseconds, of one machine's
// one clock.
type measured struct {
	Camera       string          `json:"camera"`
	Transport    string          `json:"transport"`
	LiveFrames   int             `json:"live_frames"`  // decoded in LiveMS
	LiveMS       float64         `json:"live_ms"`      //
	EventMS      float64         `json:"event_ms"`     // from the wall's opening to the event in the feed
	Event        string          `json:"event"`        //
	Clip         shouwang.ClipID `json:"clip"`         //
	ClipFrames   int             `json:"clip_frames"`  // decoded
	PlayMS       float64         `json:"play_ms"`      // from asking to the first decoded picture
	TileEndedMS  float64         `json:"tile_ended"`   // from the resident's press to the covered tile
	LastFrameMS  float64         `json:"last_frame"`   // from the press to the last decoded picture; negative before
	FramesAfter  int             `json:"frames_after"` // decoded in the three seconds after that
	OtherFrames  int             `json:"other_frames"` // of another camera's tile in those seconds
	DeniedMS     float64         `json:"denied_ms"`    // from the press to the first refusal of the clip
	DeniedStatus int             `json:"denied_status"`
	Denied       struct {
		Code    string   `json:"code"`
		Reasons []string `json:"reasons"`
		Text    string   `json:"text"`
	} `json:"denied"`
	PageReasons string   `json:"page_reasons"` // what the clip's page shows
	Faults      []string `json:"faults"`
}

// conductor lets the browser's story ask for what only this side can do, and
// takes what it measured.
type conductor struct {
	t      *testing.T
	house  *house
	bucket *s3.Bucket

	mu       sync.Mutex
	backup   *backup
	measured *measured
}

func (c *conductor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/backup":
		q := r.URL.Query()
		done := make(chan struct{})
		go func() { // takeBackup may end its goroutine
			defer close(done)
			c.backup = takeBackup(c.t, c.house, c.bucket, shouwang.CameraID(q.Get("camera")), shouwang.ClipID(q.Get("clip")))
		}()
		<-done
		if c.backup == nil {
			http.Error(w, "no backup", http.StatusInternalServerError)
		}
	case "/measured":
		c.measured = &measured{}
		if err := json.NewDecoder(r.Body).Decode(c.measured); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	default:
		http.NotFound(w, r)
	}
}

// playwright runs one file of browser stories.
func playwright(t testing.TB, s *service, h *house, file string, more ...string) {
	t.Helper()
	ui := filepath.Join(root(t), "web", "ui")
	runner := filepath.Join(ui, "node_modules", ".bin", "playwright")
	if _, err := os.Stat(runner); err != nil {
		missing(t, "there is no %s: run make build", runner)
	}
	cmd := exec.CommandContext(t.Context(), tool(t, "node"), runner, "test", "-c", "e2e/playwright.config.ts", "--output", filepath.Join(root(t), "test-artifacts", "browser"), file)
	cmd.Dir = ui
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append(os.Environ(), "BASE_URL="+s.http, "CHROMIUM="+tool(t, "chromium"), "FORCE_COLOR=0",
		"DISPATCHER=chen:"+h.passwords["chen"], "RESIDENT=li:"+h.passwords["li"], "ADMINISTRATOR=ops:"+h.passwords["ops"],
		"KIOSK=wall-1:"+h.passwords["wall-1"])
	cmd.Env = append(cmd.Env, more...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the browser's story failed: %v\n%s", err, out)
	}
	t.Logf("the browser says:\n%s", out)
	for _, name := range []string{"chen", "li", "ops", "wall-1"} {
		h.passwords[name] = ownPassword // the pages make everybody choose one
	}
}

// redis starts a redis-server and returns its address for the configuration.
func redis(t testing.TB) string {
	t.Helper()
	program := tool(t, "redis-server")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	cmd := exec.Command(program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(), "--requirepass", "of-the-test", "--loglevel", "warning")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	await(t, 20*time.Second, "redis-server", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "redis://:of-the-test@127.0.0.1:" + port + "/0"
}

// TestFromCameraToWithdrawal is the whole: a camera that ffmpeg plays and
// pushes, an event, a clip in a real S3 server, a dispatcher and a resident in
// a real browser, and an end to all of it when the resident says so.
func TestFromCameraToWithdrawal(t *testing.T) {
	const door = "door-17"
	bucket, s3Settings := objects(t)
	sim := cameras(t, map[string]camsim.Camera{
		"gate-east": {Clips: []*camsim.Clip{reel(t, busy(11))}},
		"market-2":  {Clips: []*camsim.Clip{reel(t, busy(12))}},
	})
	h := build(t, []cam{
		{ID: door, Name: "李家门口", Resident: true},
		{ID: "gate-east", Name: "东入口", URL: sim.URL("gate-east")},
		{ID: "market-2", Name: "集市二号", URL: sim.URL("market-2")},
	}, settings{"storage": s3Settings, "bus": "  redis: " + redis(t) + "\n"})
	s := h.start(t)
	publish(t, s, h, door, film(t, busy(15)))

	c := &conductor{t: t, house: h, bucket: bucket}
	desk := httptest.NewServer(c)
	defer desk.Close()
	playwright(t, s, h, "whole.spec.ts", "CONDUCTOR="+desk.URL, "RESIDENT_CAMERA="+door, "SCREENSHOT="+picture(t))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.measured == nil || c.backup == nil {
		t.Fatal("the story ended without a backup or without measurements")
	}
	c.measured.judge(t)

	s.stop(t)
	c.erased(t, h, c.backup)
	h.check(t)
	c.restored(t, h, c.backup)
}

// picture says where the picture of the wall goes: into the documentation only
// when that is asked for.
func picture(t testing.TB) string {
	if os.Getenv("UPDATE_SCREENSHOT") == "1" {
		return filepath.Join(root(t), "docs", "wall.png")
	}
	return filepath.Join(root(t), "test-artifacts", "wall.png")
}

// The promise of invariant 7.
const (
	tileEnds  = 2 * time.Second
	clipEnds  = 60 * time.Second
	millisecs = float64(time.Millisecond)
)

func (m *measured) judge(t *testing.T) {
	t.Helper()
	t.Logf("live: %d pictures of %s decoded in %.1f s over %s", m.LiveFrames, m.Camera, m.LiveMS/1000, m.Transport)
	t.Logf("event in the feed %.1f s after the wall was opened; clip: first picture %.2f s after asking, %d decoded", m.EventMS/1000, m.PlayMS/1000, m.ClipFrames)
	t.Logf("withdrawal: tile covered after %.0f ms, last picture decoded at %+.0f ms, %d after that; clip refused after %.0f ms with %d %s %v",
		m.TileEndedMS, m.LastFrameMS, m.FramesAfter, m.DeniedMS, m.DeniedStatus, m.Denied.Code, m.Denied.Reasons)
	if m.LiveFrames < 20 || m.ClipFrames < 5 {
		t.Errorf("%d live pictures and %d of the clip were decoded: too few to have been seen", m.LiveFrames, m.ClipFrames)
	}
	if m.TileEndedMS <= 0 || m.TileEndedMS > float64(tileEnds)/millisecs {
		t.Errorf("the live tile ended after %.0f ms, want at most %s", m.TileEndedMS, tileEnds)
	}
	if m.LastFrameMS > float64(tileEnds)/millisecs || m.FramesAfter > 0 {
		t.Errorf("a picture was decoded %.0f ms after the withdrawal, and %d in the seconds after the tile ended", m.LastFrameMS, m.FramesAfter)
	}
	if m.OtherFrames < 10 {
		t.Errorf("another camera's tile decoded %d pictures in three seconds: it ended too, or the count is wrong", m.OtherFrames)
	}
	if m.DeniedMS > float64(clipEnds)/millisecs {
		t.Errorf("the clip was refused after %.0f ms, want at most %s", m.DeniedMS, clipEnds)
	}
	const why = "consent_withdrawn"
	if m.DeniedStatus != http.StatusForbidden && m.DeniedStatus != http.StatusGone || !strings.Contains(strings.Join(m.Denied.Reasons, " "), why) || m.Denied.Text == "" {
		t.Errorf("the clip answers %d %+v, want a denial with the reason %s and words", m.DeniedStatus, m.Denied, why)
	}
	if !strings.Contains(m.PageReasons, why) {
		t.Errorf("the clip's page gives the reasons %q, want %s", m.PageReasons, why)
	}
	for _, f := range m.Faults {
		t.Errorf("the pages did what they must not: %s", f)
	}
}

// erased proves that nothing of the camera can be read any more: not what is in
// the bucket, not the copies of bucket and catalog with the keys there are.
func (c *conductor) erased(t *testing.T, h *house, b *backup) {
	t.Helper()
	held := filepath.Join(h.dir, "keys")
	for i := range b.segments {
		one := &backup{dir: b.dir, bucket: b.bucket, segments: b.segments[i : i+1]}
		if err := one.open(t, held); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed && !strings.Contains(errText(err), "erased") && !strings.Contains(errText(err), "destroyed") {
			t.Errorf("segment %s of the backup, with the catalog's copy and the keys there are now: %v, want a destroyed key", b.segments[i].ID, err)
		}
	}
	if n := b.sealedKeys(t, held); n > 0 {
		t.Errorf("%d of %d objects give their own key away", n, len(b.segments))
	}
	left := 0
	if err := c.bucket.List(t.Context(), "segments/"+c.measured.Camera+"/", func(storage.Object) error { left++; return nil }); err != nil {
		t.Fatal(err)
	}
	t.Logf("erased: %d segments of the backup cannot be opened; %d objects of the camera are left in the bucket", len(b.segments), left)
	if left > 0 {
		t.Errorf("%d objects of the camera are still in the bucket", left)
	}
	list, _ := h.segments(t, c.measured.Camera)
	for _, s := range list {
		if s.State != storage.SegmentErased {
			t.Errorf("segment %s is %s in the catalog after the withdrawal", s.ID, s.State)
		}
	}
}

// restored brings the backup back under a running service, which must not show
// it.
func (c *conductor) restored(t *testing.T, h *house, b *backup) {
	t.Helper()
	b.restore(t, h, c.bucket)
	s := h.start(t)
	chen := h.signIn(t, s, "chen")
	resp, body := chen.ask(t, http.MethodGet, "/api/clips/"+string(c.measured.Clip)+"/media.mp4?purpose=public_safety", nil)
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusGone || strings.Contains(string(body), "ftyp") {
		t.Errorf("after restoring the backup the clip answers %s, %.200s", resp.Status, body)
	}
	t.Logf("restored backup: the clip answers %s", resp.Status)
	s.stop(t)
	h.check(t)
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestThePagesStories runs the stories that the pages' own builders wrote, on
// the real service.
func TestThePagesStories(t *testing.T) {
	clips := []*camsim.Clip{reel(t, busy(11))}
	sim := cameras(t, map[string]camsim.Camera{"gate-east": {Clips: clips}, "spare": {Clips: clips, User: "tech", Pass: "sesame-of-the-spare"}})
	h := build(t, []cam{
		{ID: "door-17", Name: "李家门口", Resident: true},
		{ID: "gate-east", Name: "东入口", URL: sim.URL("gate-east")},
	}, nil)
	s := h.start(t)
	publish(t, s, h, "door-17", film(t, busy(15)))
	token := h.button(t, "li-bedside")
	playwright(t, s, h, `(stories|wall|technician)\.spec\.ts`, "RESIDENT_CAMERA=door-17", "SPARE=rtsp://"+sim.Addr()+"/spare", "SOS_TOKEN="+token)
	s.stop(t)
	h.check(t)
}

// button registers a call button beside the running service and returns its
// token.
func (h *house) button(t testing.TB, id string) string {
	t.Helper()
	r := command(t, nil, "button", "add", id, "--data", h.dir, "--household", "李秀兰", "--phone", "13800000000", "--place", "house-12", "--position", "25.7020,103.8313")
	_, token, ok := strings.Cut(r.out, "token of call button "+id+": ")
	if r.code != 0 || !ok {
		t.Fatalf("button add: exit %d: %s%s", r.code, r.out, r.err)
	}
	return strings.TrimSpace(token)
}
