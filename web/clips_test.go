package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/look"
)

func clipOf(id shouwang.ClipID, camera shouwang.CameraID) StoredClip {
	return StoredClip{
		Clip: shouwang.Clip{
			ID: id, Camera: camera, Reason: "event", Event: shouwang.EventID("e-" + id),
			Span: shouwang.Span{From: wednesday.Add(-time.Hour), To: wednesday.Add(-time.Hour + 4*time.Second)},
		},
		Keys: policy.KeyLive,
	}
}

func clipTown(t *testing.T, change ...func(*Config, *Deps)) *town {
	tn := newTown(t, change...)
	tn.hubs.units, tn.store.file = picture(t)
	tn.store.units = tn.hubs.units
	tn.store.clips = []StoredClip{clipOf("clip-1", "door"), clipOf("clip-2", "gate"), clipOf("clip-3", "far")}
	return tn
}

func TestClipsAreListedAsFarAsOneMaySearch(t *testing.T) {
	tn := clipTown(t)
	type list struct {
		Clips []ClipView `json:"clips"`
	}
	for who, want := range map[string]string{"officer:chen": "clip-1 clip-2", "officer:far": "clip-3", "resident:li": "clip-1", "resident:gao": "clip-3", "admin:ops": ""} {
		var ids []string
		for _, c := range get[list](tn.signIn(who), "/api/clips").Clips {
			ids = append(ids, string(c.ID))
			if c.DurationS != 4 || c.CameraName == "" || c.Gaps == nil {
				t.Errorf("%s: %+v", who, c)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s finds %q, want %q", who, got, want)
		}
	}
	chen := tn.signIn("officer:chen")
	chen.problem(http.StatusNotFound, "GET", "/api/clips/clip-3", nil)
	chen.problem(http.StatusNotFound, "GET", "/api/clips?camera=far", nil)
	without := get[ClipView](chen, "/api/clips/clip-1")
	with := get[ClipView](chen, "/api/clips/clip-1?case=case-1")
	if without.Playable || without.Reason == "" || len(without.Reasons) == 0 || !with.Playable {
		t.Errorf("playable without a case %v (%q), with one %v", without.Playable, without.Reason, with.Playable)
	}
}

// TestViewingCopyIsRenderedOnceAndRanged plays a clip in pieces: one look, one
// rendering, and what comes decodes.
func TestViewingCopyIsRenderedOnceAndRanged(t *testing.T) {
	tn := clipTown(t)
	chen := tn.signIn("officer:chen")
	const path = "/api/clips/clip-1/media.mp4?case=case-1"
	status, body := chen.do("GET", path, nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if n := framesIn(t, []byte(body)); n != 40 {
		t.Errorf("%d of 40 pictures", n)
	}
	resp := chen.request(context.Background(), "GET", path, nil, "Range", "bytes=100-299")
	part, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent || string(part) != body[100:300] || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("range: %d, %d bytes, %v", resp.StatusCode, len(part), resp.Header)
	}
	if len(tn.render.options()) != 1 || len(tn.audit.find("look")) != 1 {
		t.Errorf("%d renderings, %d looks", len(tn.render.options()), len(tn.audit.find("look")))
	}
	look := tn.audit.find("look")[0]
	if look.Case != "case-1" || !look.From.Equal(wednesday.Add(-time.Hour)) || look.Action != policy.Playback {
		t.Errorf("logged %+v", look)
	}
	tn.clock.advance(2 * time.Minute)
	eventually(t, "the end is logged", func() bool { return len(tn.audit.find("look_end")) == 1 })
	if end := tn.audit.find("look_end")[0]; end.BytesOut != int64(len(body)+200) {
		t.Errorf("%d bytes logged, %d sent", end.BytesOut, len(body)+200)
	}
}

// TestALookAtAGrowingClipStaysOneFile plays a clip whose event still lives: a
// player that asks for the rest must not find another file, nor be refused.
func TestALookAtAGrowingClipStaysOneFile(t *testing.T) {
	tn := clipTown(t)
	chen := tn.signIn("officer:chen")
	const path = "/api/clips/clip-1/media.mp4?case=case-1"
	status, body := chen.do("GET", path, nil)
	if status != http.StatusOK {
		t.Fatal(body)
	}
	tn.store.mu.Lock()
	tn.store.clips[0].To = tn.store.clips[0].To.Add(3 * time.Second)
	tn.store.mu.Unlock()
	status, again := chen.do("GET", path, nil)
	if status != http.StatusOK || again != body || len(tn.render.options()) != 1 {
		t.Errorf("%d, %d bytes and then %d, %d renderings", status, len(body), len(again), len(tn.render.options()))
	}
	tn.clock.advance(2 * time.Minute)
	eventually(t, "the look is over", func() bool { return len(tn.audit.find("look_end")) == 1 })
	if status, body := chen.do("GET", path, nil); status != http.StatusOK || len(tn.render.options()) != 2 {
		t.Errorf("a new look: %d %.200s, %d renderings", status, body, len(tn.render.options()))
	}
	if looks := tn.audit.find("look"); len(looks) != 2 || !looks[1].To.Equal(looks[0].To.Add(3*time.Second)) {
		t.Errorf("logged %+v", looks)
	}
}

func TestOwnersPlayTheBitsAsRecorded(t *testing.T) {
	tn := clipTown(t)
	status, body := tn.signIn("resident:li").do("GET", "/api/clips/clip-1/media.mp4", nil)
	if status != http.StatusOK || body != string(tn.store.file) || len(tn.render.options()) != 0 {
		t.Errorf("%d, %d bytes of %d, %d renderings", status, len(body), len(tn.store.file), len(tn.render.options()))
	}
}

func TestWithdrawalDropsCopiesAndDeniesClips(t *testing.T) {
	tn := clipTown(t)
	chen, li := tn.signIn("officer:chen"), tn.signIn("resident:li")
	const path = "/api/clips/clip-1/media.mp4?case=case-1"
	if status, body := chen.do("GET", path, nil); status != http.StatusOK {
		t.Fatal(body)
	}
	if tn.server.copies.size() == 0 {
		t.Fatal("no copy is held")
	}
	if status, body := li.do("POST", "/api/my/consents/c-1/withdraw", nil); status != http.StatusOK {
		t.Fatal(body)
	}
	if tn.server.copies.size() != 0 {
		t.Error("a copy outlives the consent")
	}
	if p := chen.problem(http.StatusGone, "GET", path, nil); p.Code != shouwang.CodeKeyDestroyed || len(p.Reasons) == 0 {
		t.Errorf("afterwards: %+v", p)
	}
	if p := chen.problem(http.StatusForbidden, "GET", "/api/clips/clip-1?case=case-1", nil); p.Reasons[0] != policy.ReasonConsentWithdrawn || p.Text == "" {
		t.Errorf("the clip's page: %+v", p)
	}
}

func TestAPlayIsCutOffWhenItsRightsChange(t *testing.T) {
	p := &play{look: &look.Look{}}
	c := content{nopFile{strings.NewReader("abcdef")}, p}
	if n, err := c.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	p.over.Store(true)
	if n, err := c.Read(make([]byte, 3)); n != 0 || err == nil {
		t.Errorf("%d bytes left after the end", n)
	}
}

func TestViewingCopyIsBounded(t *testing.T) {
	tn := clipTown(t, func(c *Config, _ *Deps) { c.CopyBytes, c.CopySpan = 20_000, 5*time.Second })
	chen := tn.signIn("officer:chen")
	if p := chen.problem(http.StatusRequestEntityTooLarge, "GET", "/api/clips/clip-1/media.mp4?case=case-1", nil); p.Code != shouwang.CodeTooLarge {
		t.Errorf("too many bytes: %+v", p)
	}
	tn.store.clips[0].To = tn.store.clips[0].From.Add(6 * time.Second)
	if p := chen.problem(http.StatusRequestEntityTooLarge, "GET", "/api/clips/clip-1/media.mp4?case=case-1", nil); p.Code != shouwang.CodeTooLarge {
		t.Errorf("too long: %+v", p)
	}
	if tn.server.copies.size() != 0 || len(tn.audit.find("look")) != 0 {
		t.Error("something was kept or logged as seen")
	}
}

func TestCopiesForgetTheOldest(t *testing.T) {
	cs := newCopies(nil, nil, 10, 25)
	for _, key := range []string{"a", "b", "c"} {
		cs.put(&viewingCopy{key: key, camera: "door", data: make([]byte, 10)}, 0)
		cs.get("a")
	}
	if cs.get("a") == nil || cs.get("b") != nil || cs.get("c") == nil || cs.size() != 20 {
		t.Errorf("a %v b %v c %v, %d bytes", cs.get("a") != nil, cs.get("b") != nil, cs.get("c") != nil, cs.size())
	}
	cs.drop("gate")
	if cs.size() != 20 {
		t.Error("another camera's copies were dropped")
	}
	cs.drop("door")
	if cs.size() != 0 {
		t.Error("copies outlive the change")
	}
	cs.put(&viewingCopy{key: "a", camera: "door", data: make([]byte, 10)}, 0)
	if cs.size() != 0 {
		t.Error("a copy that was begun before the change is kept after it")
	}
}

// TestAChangeBetweenAnswerAndFirstByteIsNoticed lets the consent end in the
// very moment in which the look is being logged.
func TestAChangeBetweenAnswerAndFirstByteIsNoticed(t *testing.T) {
	tn := clipTown(t)
	withdraw := func(policy.Entry) {
		tn.audit.before = nil
		err := tn.gate.Update(func(w *policy.World) (*policy.World, error) {
			old, _ := w.Consent("camera:door", "public_safety")
			gone, err := old.Withdraw(policy.Change{At: tn.clock.now(), By: "resident:li"})
			if err != nil {
				return nil, err
			}
			return w.WithConsent(gone)
		})
		if err != nil {
			t.Error(err)
		}
	}
	chen := tn.signIn("officer:chen")
	tn.audit.before = withdraw
	if p := chen.problem(http.StatusConflict, "GET", "/api/clips/clip-1/media.mp4?case=case-1", nil); p.Code != shouwang.CodeConflict {
		t.Errorf("clip: %+v", p)
	}
	chen.problem(http.StatusForbidden, "GET", "/api/clips/clip-1/media.mp4?case=case-1", nil)
}

func TestALiveViewOpenedDuringAChangeEnds(t *testing.T) {
	tn := clipTown(t)
	chen := tn.signIn("officer:chen")
	tn.audit.before = func(policy.Entry) {
		tn.audit.before = nil
		_ = tn.gate.Update(func(w *policy.World) (*policy.World, error) {
			old, _ := w.Consent("camera:door", "public_safety")
			gone, _ := old.Withdraw(policy.Change{At: tn.clock.now(), By: "resident:li"})
			return w.WithConsent(gone)
		})
	}
	resp := chen.request(context.Background(), "GET", "/api/cameras/door/live.mp4?case=case-1", nil)
	defer resp.Body.Close()
	began := time.Now()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || time.Since(began) > time.Second {
		t.Errorf("ended after %s: %v", time.Since(began), err)
	}
}
