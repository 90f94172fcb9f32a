package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/evidence"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/look"
	"shouwang/web/watch"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// store is footage and index: each camera is recorded from ten to eleven, ten
// pictures a second, a key picture every two seconds.
type store struct {
	mu     sync.Mutex
	asked  evidence.Query
	gone   bool
	notes  []string
	opened int
}

var recorded = shouwang.Span{From: noon.Add(-2 * time.Hour), To: noon.Add(-time.Hour)}

func (s *store) Search(_ context.Context, q evidence.Query) ([]evidence.Event, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = q
	return []evidence.Event{{Event: shouwang.Event{ID: "e-1", Camera: "square", Kind: "motion", Start: noon.Add(-90 * time.Minute)}}}, true, nil
}

func (s *store) Activity(_ context.Context, q evidence.Query, step time.Duration) (map[shouwang.CameraID][]int, error) {
	out := map[shouwang.CameraID][]int{}
	for _, id := range q.Cameras {
		out[id] = make([]int, int(q.Span.Duration()/step))
	}
	return out, nil
}

func (s *store) Cover(_ context.Context, camera shouwang.CameraID, span shouwang.Span) (evidence.Cover, error) {
	if in := recorded.Intersect(span); !in.Empty() {
		return evidence.Cover{Recorded: []shouwang.Span{in}}, nil
	}
	return evidence.Cover{Gaps: []shouwang.Gap{{Camera: camera, Span: span, Cause: shouwang.GapNoConsent}}}, nil
}

func (s *store) Stamps(_ context.Context, _ shouwang.CameraID, span shouwang.Span) ([]evidence.Stamped, error) {
	return []evidence.Stamped{{Span: span, Offset: 1800 * time.Millisecond, Uncertainty: 20 * time.Millisecond, Source: shouwang.StampSenderReport}}, nil
}

func (s *store) Keys(context.Context, shouwang.CameraID, shouwang.Span) (policy.KeyState, error) {
	if s.gone {
		return policy.KeyShredded, nil
	}
	return policy.KeyLive, nil
}

func (s *store) Settle(context.Context, shouwang.CameraID) {}

func (s *store) Note(_ context.Context, kase, by, did, _ string) error {
	s.notes = append(s.notes, kase+" "+by+" "+did)
	return nil
}

func (s *store) Units(_ context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (watch.Units, error) {
	if !g.Covers(policy.Playback, camera, span.From) && !g.Covers(policy.Unmask, camera, span.From) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "the grant does not cover this")
	}
	s.mu.Lock()
	s.opened++
	s.mu.Unlock()
	return &tape{at: span.From.Truncate(2 * time.Second), to: span.To}, nil
}

var params = &shouwang.Params{Codec: shouwang.CodecH264, SPS: []byte{
	0x67, 0x42, 0xc0, 0x0b, 0xda, 0x05, 0x06, 0x7e, 0x7c, 0x04, 0x40, 0, 0, 3, 0, 0x40, 0, 0, 5, 3, 0xc5, 0x0a, 0xa8,
}, PPS: []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}}

type tape struct {
	at, to time.Time
	n      int
}

func (t *tape) Next(context.Context) (*shouwang.AccessUnit, error) {
	if !t.at.Before(t.to) {
		return nil, io.EOF
	}
	au := &shouwang.AccessUnit{Wall: shouwang.WallStamp{At: t.at}, Key: t.n%20 == 0, Params: params, Data: []byte{0, 0, 0, 2, 0x65, byte(t.n)}}
	au.PTS, au.DTS = shouwang.MediaTime(t.n*9000), shouwang.MediaTime(t.n*9000)
	t.at, t.n = t.at.Add(100*time.Millisecond), t.n+1
	return au, nil
}

func (t *tape) Close() {}

// painter hands every picture through and remembers what it was asked to do.
type painter struct {
	mu   sync.Mutex
	made []watch.Options
}

func (p *painter) Render(_ context.Context, o watch.Options) (watch.Rendering, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made = append(p.made, o)
	return &painting{out: make(chan *shouwang.AccessUnit), gone: make(chan struct{})}, nil
}

func (p *painter) Share(context.Context, watch.Options) (watch.Group, error) {
	return nil, errors.New("evidence is played to one viewer at a time")
}

type painting struct {
	out  chan *shouwang.AccessUnit
	gone chan struct{}
	once sync.Once
	shut sync.Once
}

func (p *painting) Push(*shouwang.AccessUnit) error { return nil }
func (p *painting) PushWait(ctx context.Context, au *shouwang.AccessUnit) error {
	select {
	case p.out <- au:
		return nil
	case <-p.gone:
		return io.ErrClosedPipe
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (p *painting) Finish()                          { p.once.Do(func() { close(p.out) }) }
func (p *painting) Out() <-chan *shouwang.AccessUnit { return p.out }
func (p *painting) Err() error                       { return nil }
func (p *painting) Close()                           { p.shut.Do(func() { close(p.gone) }) }

type house struct {
	*fronttest.House
	store   *store
	painter *painter
	room    *evidence.Room
}

func open(t *testing.T) *house { return openWith(t, nil) }

func openWith(t *testing.T, approvals gate.Approvals) *house {
	t.Helper()
	h := &house{store: &store{}, painter: &painter{}}
	h.House = fronttest.Open(t, fronttest.Options{World: fronttest.World(t), At: noon, CanRender: true, Approvals: approvals})
	h.room = evidence.New(evidence.Deps{Gate: h.Gate, Index: h.store, Footage: h.store, Renderer: h.painter, Journal: h.store})
	h.Add(func(f *front.Front, l *look.Looks) { h.room.Register(f, l) })
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { h.room.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	return h
}

func playBody(cameras ...string) map[string]any {
	return map[string]any{
		"cameras": cameras, "from": noon.Add(-110 * time.Minute), "to": noon.Add(-100 * time.Minute), "case": "case-1", "purpose": "public_safety", "width": 640,
	}
}

type searchAnswer struct {
	Events  []evidence.Found
	More    bool
	Zone    string
	Cameras []evidence.Searched
}

func TestSearchSaysWhatWasNotSearchedAndWhy(t *testing.T) {
	h := open(t)
	got := fronttest.Want[searchAnswer](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/search",
		map[string]any{"from": noon.Add(-3 * time.Hour), "to": noon, "case": "case-1", "headings": []string{"left"}, "region": [][2]float64{{0, 0}, {1, 0}, {1, 1}}})
	if len(got.Events) != 1 || !got.More || got.Zone != "Asia/Shanghai" {
		t.Errorf("%+v", got)
	}
	by := map[shouwang.CameraID]evidence.Searched{}
	for _, c := range got.Cameras {
		by[c.ID] = c
	}
	if c := by["square"]; !c.Searched || c.RecordedS < 3599 || len(c.Recorded) == 0 || len(c.Activity) == 0 {
		t.Errorf("a department's camera: %+v", c)
	}
	if c := by["door-6"]; c.Searched || len(c.Reasons) == 0 || c.Reasons[0] != policy.ReasonConsentWithdrawn || c.Text == "" {
		t.Errorf("a withdrawn one: %+v", c)
	}
	if slices.Contains(h.store.asked.Cameras, "door-6") || !slices.Contains(h.store.asked.Cameras, "square") {
		t.Errorf("asked of the index: %v", h.store.asked.Cameras)
	}
	if !slices.Equal(h.store.notes, []string{"case-1 officer:ivy searched"}) {
		t.Errorf("the case's journal: %v", h.store.notes)
	}
	for _, who := range []string{"resident:mei", "kiosk:hall", "admin:root"} {
		if status, _ := h.Do(who, "POST", "/api/evidence/search", map[string]any{"from": noon.Add(-time.Hour), "to": noon}); status != http.StatusForbidden {
			t.Errorf("%s: %d", who, status)
		}
	}
	for name, body := range map[string]map[string]any{
		"backwards": {"from": noon, "to": noon.Add(-time.Hour)}, "two corners": {"from": noon.Add(-time.Hour), "to": noon, "region": [][2]float64{{0, 0}, {1, 1}}},
		"too long": {"from": noon.AddDate(-1, 0, 0), "to": noon}, "no such way": {"from": noon.Add(-time.Hour), "to": noon, "headings": []string{"away"}},
	} {
		if status, raw := h.Do("officer:ivy", "POST", "/api/evidence/search", body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
}

func TestEveryAllowedCameraIsOneLookBeforeItsFirstPicture(t *testing.T) {
	h := open(t)
	foreseen := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/foresee", playBody("plain-terms", "door-4", "hall-5"))
	if len(h.Log.Of("look"))+len(h.Log.Of("denial")) != 0 || foreseen.ID != "" {
		t.Fatal("foreseeing was a look")
	}
	if c := foreseen.Cameras[1]; !c.Allowed || !c.Tells || !slices.Contains(c.Obligations, policy.ObligeBlurPeople) {
		t.Errorf("a shared camera: %+v", c)
	}
	play := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms", "door-4", "hall-5"))
	if play.ID == "" || !play.Cameras[0].Allowed || !play.Cameras[1].Allowed {
		t.Fatalf("%+v", play)
	}
	if c := play.Cameras[2]; c.Allowed || c.Reasons[0] != policy.ReasonMode || c.Text == "" {
		t.Errorf("a camera not agreed to be played: %+v", c)
	}
	if c := play.Cameras[0].Clocks[0]; c.OffsetMS != 1800 || c.UncertaintyMS != 20 || c.Source != "sender_report" {
		t.Errorf("clock: %+v", c)
	}
	looks := h.Log.Of("look")
	if len(looks) != 2 || looks[0].Case != "case-1" || !looks[0].From.Equal(noon.Add(-110*time.Minute)) || len(h.Log.Of("denial")) != 1 {
		t.Errorf("the access log: %+v", looks)
	}
	fronttest.Want[struct{}](h.House, http.StatusNoContent, "officer:ivy", "DELETE", "/api/evidence/plays/"+play.ID, nil)
	await(t, "both ends in the log", func() bool { return len(h.Log.Of("look_end")) == 2 })
}

func TestNothingIsShownWhenTheLogIsAway(t *testing.T) {
	h := open(t)
	h.Log.Break(true)
	if status, raw := h.Do("officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms")); status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", status, raw)
	}
	if h.store.opened != 0 {
		t.Error("footage was opened")
	}
}

// piece fetches one piece and returns the times of its pictures, in ms.
func piece(t *testing.T, h *house, who, play, camera string, n int, query string) (int, []string, []byte) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("%s/api/evidence/plays/%s/%s/%d%s", h.Server.URL, play, camera, n, query), nil)
	req.AddCookie(&http.Cookie{Name: front.CookieName, Value: who})
	resp, err := h.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.Split(resp.Header.Get("X-Shouwang-Frames"), ","), raw
}

func TestPiecesAreWholeGroupsOnOneClockAndRenderedAsOwed(t *testing.T) {
	h := open(t)
	play := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms", "door-4"))
	all := []string{}
	for n := range 3 {
		status, frames, raw := piece(t, h, "officer:ivy", play.ID, "plain-terms", n, "")
		if status != http.StatusOK || len(frames) != 40 || frames[0] != fmt.Sprintf("k%d", n*4000) {
			t.Fatalf("piece %d: %d %v", n, status, frames)
		}
		all = append(all, frames...)
		var parts fmp4.Parts
		if err := parts.Unmarshal(raw[bytes.Index(raw, []byte("moof"))-4:]); err != nil {
			t.Fatal(err)
		}
		if base := parts[0].Tracks[0].BaseTime; base != uint64(n*4*shouwang.MediaRate) || len(parts[0].Tracks[0].Samples) != 40 {
			t.Errorf("piece %d begins at %d with %d pictures", n, base, len(parts[0].Tracks[0].Samples))
		}
	}
	if len(slices.Compact(slices.Clone(all))) != 120 {
		t.Error("pictures are repeated")
	}
	if h.store.opened != 1 || len(h.painter.made) != 1 {
		t.Errorf("three pieces in a row opened the footage %d times and made %d renderings", h.store.opened, len(h.painter.made))
	}
	o := h.painter.made[0]
	if !o.BlurPeople || o.Watermark == "" || o.Width != 640 || !o.Keys || o.Camera != "plain-terms" {
		t.Errorf("rendered with %+v", o)
	}
	// A jump begins anew, and learns the scene from key pictures before it.
	if status, frames, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 60, ""); status != http.StatusOK || frames[0] != "k240000" {
		t.Errorf("after a jump: %d %v", status, frames[:1])
	}
	if _, frames, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 2, "?keys=true"); len(frames) != 10 || frames[0] != "k40000" || frames[9] != "k58000" {
		t.Errorf("key pictures: %v", frames)
	}
	if status, frames, raw := piece(t, h, "officer:ivy", play.ID, "plain-terms", 5000, ""); status != http.StatusOK || len(raw) != 0 || frames[0] != "" {
		t.Errorf("beyond the end: %d, %d bytes", status, len(raw))
	}
}

// still fetches the picture nearest to a moment.
func still(t *testing.T, h *house, who, play, camera string, at time.Time) (int, []string, []byte) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", fmt.Sprintf("%s/api/evidence/plays/%s/%s/still?at=%s", h.Server.URL, play, camera, at.UTC().Format("2006-01-02T15:04:05.000Z")), nil)
	req.AddCookie(&http.Cookie{Name: front.CookieName, Value: who})
	resp, err := h.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.Split(resp.Header.Get("X-Shouwang-Frames"), ","), raw
}

func TestAStillIsTheNearestKeyPictureRenderedAsOwed(t *testing.T) {
	h := open(t)
	from := noon.Add(-110 * time.Minute)
	play := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms"))
	for after, want := range map[time.Duration]string{100 * time.Second: "k100000", 100900 * time.Millisecond: "k100000", 101100 * time.Millisecond: "k102000", 0: "k0"} {
		status, frames, raw := still(t, h, "officer:ivy", play.ID, "plain-terms", from.Add(after))
		if status != http.StatusOK || len(frames) != 1 || frames[0] != want || !bytes.Contains(raw, []byte("moof")) {
			t.Errorf("at %s: %d %v, want %s", after, status, frames, want)
		}
	}
	if o := h.painter.made[0]; !o.BlurPeople || o.Watermark == "" || o.Width != 640 {
		t.Errorf("rendered with %+v", o)
	}
	if looks := h.Log.Of("look"); len(looks) != 1 {
		t.Errorf("four stills of one play are %d looks", len(looks))
	}
	// Outside what the look is for there is nothing; nor is there for others.
	if status, _, raw := still(t, h, "officer:ivy", play.ID, "plain-terms", noon); status != http.StatusOK || len(raw) != 0 {
		t.Errorf("outside the look: %d, %d bytes", status, len(raw))
	}
	if status, _, _ := still(t, h, "officer:ding", play.ID, "plain-terms", from); status != http.StatusConflict {
		t.Errorf("somebody else's: %d", status)
	}
	if status, _, _ := still(t, h, "officer:ivy", play.ID, "door-4", from); status != http.StatusNotFound {
		t.Errorf("a camera not in the play: %d", status)
	}
}

func TestAPlayIsForItsOwnSessionOnly(t *testing.T) {
	h := open(t)
	play := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms"))
	if status, _, raw := piece(t, h, "officer:ding", play.ID, "plain-terms", 0, ""); status != http.StatusConflict || bytes.Contains(raw, []byte("moof")) {
		t.Errorf("somebody else's: %d", status)
	}
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "door-4", 0, ""); status != http.StatusNotFound {
		t.Errorf("a camera not in the play: %d", status)
	}
}

func TestWithdrawalEndsAPlayAtOnce(t *testing.T) {
	h := open(t)
	play := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("door-4", "plain-terms"))
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "door-4", 0, ""); status != http.StatusOK {
		t.Fatal(status)
	}
	consent, _ := h.Gate.World().Consent("camera:door-4", "public_safety")
	gone := *consent
	gone.Version, gone.State = gone.Version+1, policy.Withdrawn
	if err := h.Gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithConsent(&gone) }); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of the look", func() bool { return len(h.Log.Of("look_end")) == 1 })
	if status, _, raw := piece(t, h, "officer:ivy", play.ID, "door-4", 1, ""); status != http.StatusConflict || bytes.Contains(raw, []byte("moof")) {
		t.Errorf("after the withdrawal: %d", status)
	}
	if status, _, _ := piece(t, h, "officer:ivy", play.ID, "plain-terms", 0, ""); status != http.StatusOK {
		t.Errorf("the other camera: %d", status)
	}
	again := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("door-4"))
	if again.ID != "" || again.Cameras[0].Reasons[0] != policy.ReasonConsentWithdrawn {
		t.Errorf("opened again: %+v", again.Cameras[0])
	}
}

func TestErasedAndUnrecordedAreToldApart(t *testing.T) {
	h := open(t)
	body := playBody("plain-terms")
	body["from"], body["to"] = noon.Add(-30*time.Minute), noon.Add(-20*time.Minute)
	none := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", body)
	if c := none.Cameras[0]; c.Allowed || c.Code != shouwang.CodeNotFound || c.Missing[0].Cause != "no_consent" {
		t.Errorf("never recorded: %+v", c)
	}
	h.store.gone = true
	erased := fronttest.Want[evidence.Play](h.House, http.StatusOK, "officer:ivy", "POST", "/api/evidence/plays", playBody("plain-terms"))
	if c := erased.Cameras[0]; c.Allowed || c.Code != shouwang.CodeKeyDestroyed {
		t.Errorf("erased: %+v", c)
	}
}

// await waits for what another goroutine does; the test's own deadline ends it.
func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !yes() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
