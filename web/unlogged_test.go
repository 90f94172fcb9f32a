package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
)

// breaks has the access log take nothing, or again.
func (a *fakeAudit) breaks(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.broken = err
}

func (a *fakeAudit) takes(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.broken
}

// TestWhatIsShownEndsWhileTheLogCannotBeWritten has two live views under way when
// the disk under the log fills up, though nobody asks for anything new. They end
// with the reason, looks are refused; when there is room the ends are in the log
// and looks are had again, without anybody doing anything.
func TestWhatIsShownEndsWhileTheLogCannotBeWritten(t *testing.T) {
	var tn *town
	tn = newTown(t, func(_ *Config, d *Deps) {
		d.LogTakes = func(ctx context.Context) error { return tn.audit.takes(ctx) }
	})
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	viewer, _ := chen.watchLive("door", "case=case-1")
	mse := chen.request(context.Background(), "GET", "/api/cameras/door/live.mp4?case=case-1", nil)
	defer mse.Body.Close()
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	tn.audit.breaks(errors.New("no space left on device"))
	if _, err := io.Copy(io.Discard, mse.Body); err != nil {
		t.Errorf("the Media Source stream ended badly: %v", err)
	}
	select {
	case <-viewer.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("the live view goes on though nothing can be logged")
	}
	eventually(t, "both ends are told", func() bool { return len(tn.ends()) == 2 })
	for _, end := range tn.ends() {
		if end.Reason != EndUnlogged {
			t.Errorf("told: %+v", end)
		}
	}
	if p := chen.problem(http.StatusServiceUnavailable, "GET", "/api/cameras/door/live.mp4?case=case-1", nil); p.Code != shouwang.CodeAuditUnavailable {
		t.Errorf("a new look: %s", p.Code)
	}
	if n := len(tn.audit.find("look_end")); n != 0 {
		t.Fatalf("%d entries in a log that takes none", n)
	}
	chen.problem(http.StatusForbidden, "GET", "/api/cameras/door/live.mp4", nil) // a denial is owed as well
	tn.audit.breaks(nil)
	eventually(t, "what was owed is in the log", func() bool { return len(tn.audit.find("look_end")) == 2 && len(tn.audit.find("denial")) == 1 })
	for _, end := range tn.audit.find("look_end") {
		if end.Detail != EndUnlogged || end.BytesOut == 0 || !end.To.After(end.From) {
			t.Errorf("end of look: %+v", end)
		}
	}
	again, _ := chen.watchLive("door", "case=case-1")
	if err := again.WaitPictures(5, 5*time.Second); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestARefusedEntryEndsWhatIsShownAtOnce: whoever asks first finds out for all,
// long before the log would be tried by itself.
func TestARefusedEntryEndsWhatIsShownAtOnce(t *testing.T) {
	var tn *town
	tn = newTown(t, func(c *Config, d *Deps) {
		c.TicketCheck = 15 * time.Second
		d.LogTakes = func(ctx context.Context) error { return tn.audit.takes(ctx) }
	})
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	viewer, _ := chen.watchLive("door", "case=case-1")
	if err := viewer.WaitPictures(5, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	tn.audit.breaks(errors.New("no space left on device"))
	chen.problem(http.StatusServiceUnavailable, "GET", "/api/cameras/door/live.mp4?case=case-1", nil)
	select {
	case <-viewer.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("the other view goes on until the log is tried by itself")
	}
	tn.audit.breaks(nil)
}

// TestOneBadEntryEndsNothing: an entry that no log could take is refused, and
// the log is fine.
func TestOneBadEntryEndsNothing(t *testing.T) {
	tn := newTown(t, func(_ *Config, d *Deps) { d.LogTakes = func(context.Context) error { return nil } })
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	viewer, _ := chen.watchLive("door", "case=case-1")
	tn.audit.breaks(errors.New("too large"))
	if _, err := tn.server.looks.Append(t.Context(), policy.Entry{Kind: "x"}); err == nil {
		t.Fatal("it was taken")
	}
	tn.audit.breaks(nil)
	if err := viewer.WaitPictures(20, 5*time.Second); err != nil {
		t.Errorf("a view ended for an entry of somebody else: %v", err)
	}
	if n := len(tn.ends()); n != 0 {
		t.Errorf("%d views ended", n)
	}
}
