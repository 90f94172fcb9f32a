package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/live/livetest"
	"shouwang/web/look"
	"shouwang/web/mine"
)

// watchLive opens a live view over WHEP; the answer must be 201.
func (p *person) watchLive(camera, query string) (*livetest.Viewer, *http.Response) {
	p.town.t.Helper()
	viewer, offer := livetest.New(p.town.t, livetest.Options{})
	resp := p.request(context.Background(), "POST", "/api/cameras/"+camera+"/whep?"+query, offer)
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("Content-Type") != "application/sdp" {
		p.town.t.Fatalf("whep %s: %d %s", camera, resp.StatusCode, answer)
	}
	viewer.Accept(p.town.t, string(answer))
	return viewer, resp
}

func TestOfficerSeesAMaskedPictureUnderACase(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	if p := chen.problem(http.StatusForbidden, "POST", "/api/cameras/door/whep", "v=0"); p.Reasons[0] != policy.ReasonNoGround || p.Text == "" {
		t.Errorf("without a reason: %+v", p)
	}
	viewer, resp := chen.watchLive("door", "case=case-1")
	if err := viewer.WaitPictures(15, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if viewer.Keys.Load() == 0 || viewer.Backwards.Load() > 0 {
		t.Errorf("%d key frames, %d steps back", viewer.Keys.Load(), viewer.Backwards.Load())
	}
	if resp.Header.Get("X-Shouwang-Decision") == "" || resp.Header.Get("X-Shouwang-Ttl") == "0" {
		t.Errorf("headers: %v", resp.Header)
	}
	o := tn.render.options()
	if len(o) != 1 || !o[0].BlurPeople || len(o[0].Masks) != 1 || !strings.HasPrefix(o[0].Watermark, "officer:chen") {
		t.Errorf("rendered with %+v", o)
	}
	if status, _ := chen.do("DELETE", resp.Header.Get("Location"), nil); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	eventually(t, "the end is logged", func() bool { return len(tn.audit.find("look_end")) == 1 })
	end := tn.audit.find("look_end")[0]
	if end.BytesOut == 0 || end.Detail != EndViewer || !end.To.After(end.From) {
		t.Errorf("end of look: %+v", end)
	}
	eventually(t, "the camera is let go", func() bool { open, _ := tn.hubs.counts(); return open == 0 })
}

func TestNoPictureBeforeItsEntryIsDurable(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	tn.audit.broken = errors.New("disk is full")
	_, offer := livetest.New(t, livetest.Options{})
	if p := chen.problem(http.StatusServiceUnavailable, "POST", "/api/cameras/door/whep?case=case-1", offer); p.Code != shouwang.CodeAuditUnavailable {
		t.Errorf("code %s", p.Code)
	}
	if p := chen.problem(http.StatusServiceUnavailable, "GET", "/api/cameras/door/live.mp4?case=case-1", nil); p.Code != shouwang.CodeAuditUnavailable {
		t.Errorf("code %s", p.Code)
	}
	eventually(t, "the camera is let go", func() bool { open, _ := tn.hubs.counts(); return open == 0 })
}

func TestWithdrawalEndsLiveViewsAtOnce(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen, li := tn.signIn("officer:chen"), tn.signIn("resident:li")
	viewer, resp := chen.watchLive("door", "case=case-1")
	mse := chen.request(context.Background(), "GET", "/api/cameras/door/live.mp4?case=case-1", nil)
	defer mse.Body.Close()
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	preview := get[mine.Effect](li, "/api/my/consents/c-1/preview?action=withdraw")
	if preview.LiveViewers != 2 || preview.ErasedBytes != 4096 {
		t.Errorf("preview: %+v", preview)
	}
	began := time.Now()
	if status, body := li.do("POST", "/api/my/consents/c-1/withdraw", nil); status != http.StatusOK {
		t.Fatalf("withdraw: %d %s", status, body)
	}
	if _, err := io.Copy(io.Discard, mse.Body); err != nil {
		t.Errorf("the Media Source stream ended badly: %v", err)
	}
	select {
	case <-viewer.Ended():
	case <-time.After(2 * time.Second):
		t.Fatal("the live view goes on 2 s after the withdrawal")
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("ending took %s", took)
	}
	eventually(t, "both ends are told", func() bool { return len(tn.ends()) == 2 })
	for _, end := range tn.ends() {
		if end.Reason != string(policy.ReasonConsentWithdrawn) || end.Viewer != "officer:chen" {
			t.Errorf("told: %+v", end)
		}
	}
	if got := "/api/live/" + tn.ends()[0].Ticket; got != resp.Header.Get("Location") && "/api/live/"+tn.ends()[1].Ticket != resp.Header.Get("Location") {
		t.Errorf("tickets %v, want %s among them", tn.ends(), resp.Header.Get("Location"))
	}
	if p := chen.problem(http.StatusForbidden, "POST", "/api/cameras/door/whep?case=case-1", "v=0"); p.Reasons[0] != policy.ReasonConsentWithdrawn {
		t.Errorf("afterwards: %v", p.Reasons)
	}
}

// ends returns the ends of views that were told on the bus.
func (tn *town) ends() (out []shouwang.TicketEnd) {
	tn.bus.mu.Lock()
	defer tn.bus.mu.Unlock()
	for _, m := range tn.bus.list {
		var e shouwang.TicketEnd
		if m.Topic == shouwang.TopicTicket && json.Unmarshal(m.Body, &e) == nil {
			out = append(out, e)
		}
	}
	return out
}

func TestOwnerSeesTheirOwnCameraAsItIs(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	li := tn.signIn("resident:li")
	viewer, _ := li.watchLive("door", "")
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if len(tn.render.options()) != 0 {
		t.Error("the owner's own picture was rendered")
	}
	if status, _ := li.do("POST", "/api/my/consents/c-1/withdraw", nil); status != http.StatusOK {
		t.Fatal(status)
	}
	if err := viewer.WaitPictures(viewer.Pictures.Load()+10, 5*time.Second); err != nil {
		t.Errorf("the owner's own view ended with the sharing: %v", err)
	}
	if looks := tn.audit.find("look"); len(looks) != 1 || looks[0].Purpose != "own" {
		t.Errorf("logged: %+v", looks)
	}
	li.problem(http.StatusNotFound, "POST", "/api/cameras/far/whep", "v=0")
	li.problem(http.StatusNotFound, "POST", "/api/cameras/gate/whep", "v=0")
}

func TestWithoutARendererWhatMustBeMaskedIsDenied(t *testing.T) {
	tn := newTown(t, func(_ *Config, d *Deps) { d.Renderer = nil })
	tn.hubs.units, tn.store.file = picture(t)
	tn.store.clips = []StoredClip{clipOf("clip-1", "door")}
	chen := tn.signIn("officer:chen")
	for _, path := range []string{"/api/cameras/door/live.mp4?case=case-1", "/api/clips/clip-1/media.mp4?case=case-1"} {
		if p := chen.problem(http.StatusForbidden, "GET", path, nil); len(p.Reasons) != 1 || p.Reasons[0] != look.ReasonNoRenderer {
			t.Errorf("%s: %v", path, p.Reasons)
		}
	}
	if _, total := tn.hubs.counts(); total != 0 || tn.store.opened != 0 {
		t.Error("pictures were opened")
	}
	viewer, _ := tn.signIn("resident:li").watchLive("door", "")
	if err := viewer.WaitPictures(3, 5*time.Second); err != nil {
		t.Errorf("what needs no rendering: %v", err)
	}
}

func TestRendererFailureShowsNothing(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	tn.render.broken = errors.New("renderer died")
	chen := tn.signIn("officer:chen")
	p := chen.problem(http.StatusServiceUnavailable, "GET", "/api/cameras/door/live.mp4?case=case-1", nil)
	if p.Code != shouwang.CodeOverloaded || strings.Contains(p.Detail, "died") {
		t.Errorf("problem: %+v", p)
	}
	for _, k := range tn.audit.kinds() {
		if k == "look" {
			t.Error("a look was logged though nothing was shown")
		}
	}
}

func TestTicketEndsWithItsDecisionsTime(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	viewer, _ := tn.signIn("kiosk:wall").watchLive("gate", "")
	if err := viewer.WaitPictures(3, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	tn.clock.advance(6 * time.Minute) // a wall's decision lasts five
	select {
	case <-viewer.Ended():
	case <-time.After(3 * time.Second):
		t.Fatal("the view outlives its decision")
	}
	eventually(t, "the end is told", func() bool { return len(tn.ends()) == 1 && tn.ends()[0].Reason == EndTTL })
}

func TestViewsEndWithTheSession(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	resp := chen.request(context.Background(), "GET", "/api/cameras/gate/live.mp4", nil)
	defer resp.Body.Close()
	if status, _ := chen.do("DELETE", "/api/session", nil); status != http.StatusNoContent {
		t.Fatal(status)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	eventually(t, "the end is told", func() bool { return len(tn.ends()) == 1 && tn.ends()[0].Reason == EndSignOut })
}

func TestTooManyViewsAreRefused(t *testing.T) {
	tn := newTown(t, func(c *Config, _ *Deps) { c.MaxViewsPerson = 1 })
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	resp := chen.request(context.Background(), "GET", "/api/cameras/gate/live.mp4", nil)
	defer resp.Body.Close()
	if p := chen.problem(http.StatusServiceUnavailable, "GET", "/api/cameras/gate/live.mp4", nil); p.Code != shouwang.CodeOverloaded {
		t.Errorf("code %s", p.Code)
	}
}

// TestMediaSourceStreamDecodes has ffmpeg decode what a browser would get.
func TestMediaSourceStreamDecodes(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	resp := tn.signIn("resident:li").request(ctx, "GET", "/api/cameras/door/live.mp4", nil)
	defer resp.Body.Close()
	sps := tn.hubs.units[0].Params.SPS
	if got, want := resp.Header.Get("X-Shouwang-Mime"), fmt.Sprintf(`video/mp4; codecs="avc1.%x"`, sps[1:4]); got != want {
		t.Errorf("mime %s, want %s", got, want)
	}
	if resp.Header.Get("X-Shouwang-Ticket") == "" {
		t.Error("no ticket named")
	}
	data, err := io.ReadAll(io.LimitReader(bufio.NewReader(resp.Body), 300_000))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if n := framesIn(t, data); n < 20 {
		t.Errorf("%d pictures decoded in %d bytes", n, len(data))
	}
}

// framesIn has ffprobe decode an MP4 and count its pictures.
func framesIn(t *testing.T, data []byte) int {
	t.Helper()
	cmd := exec.Command("ffprobe", "-v", "quiet", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "json", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	var got struct {
		Streams []struct {
			Frames json.Number `json:"nb_read_frames"`
		}
	}
	if err != nil || json.Unmarshal(out, &got) != nil || len(got.Streams) != 1 {
		t.Fatalf("ffprobe: %v %s", err, out)
	}
	n, _ := got.Streams[0].Frames.Int64()
	return int(n)
}
