package desk

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"shouwang"
)

// watch is a clock that the test sets.
type watch struct {
	mu sync.Mutex
	at time.Time
}

func (w *watch) now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.at }
func (w *watch) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func open(t *testing.T, path string) (*DB, *watch) {
	t.Helper()
	w := &watch{at: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)}
	d, err := Open(t.Context(), path, w.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d, w
}

var li = shouwang.Button{
	ID: "li-bedside", Household: "李秀兰", Place: "house-12", Position: shouwang.Position{Lat: 25.7021, Lon: 103.8312}, HeartbeatS: 3600,
}

func withButton(t *testing.T) (*DB, *watch) {
	t.Helper()
	d, w := open(t, filepath.Join(t.TempDir(), "desk.db"))
	if _, err := d.PutButton(t.Context(), li, false); err != nil {
		t.Fatal(err)
	}
	return d, w
}

func press(w *watch, id string) shouwang.Signal {
	return shouwang.Signal{Button: li.ID, Kind: shouwang.SignalPress, ID: id, Received: w.now(), Battery: -1, Via: "http"}
}

func hear(t *testing.T, d *DB, s shouwang.Signal) (shouwang.Call, bool) {
	t.Helper()
	c, changed, err := d.Hear(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c, changed
}

func TestAButtonPressedFiveTimesIsOneCall(t *testing.T) {
	d, w := withButton(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { hear(t, d, press(w, "")) })
	}
	wg.Wait()
	calls, err := d.Calls(t.Context(), time.Time{})
	if err != nil || len(calls) != 1 || calls[0].Presses != 5 || calls[0].State != shouwang.CallOpen {
		t.Fatalf("%+v %v", calls, err)
	}
}

func TestAMessageHeardTwiceIsOnePressEvenAfterTheCallIsClosed(t *testing.T) {
	d, w := withButton(t)
	first, changed := hear(t, d, press(w, "m-1"))
	if !changed {
		t.Error("the first press is news")
	}
	if c, changed := hear(t, d, press(w, "m-1")); changed || c.ID != first.ID || c.Presses != 1 {
		t.Errorf("the same message again: %+v %t", c, changed)
	}
	if _, err := d.CloseCall(t.Context(), first.ID, "officer:chen", "helped", ""); err != nil {
		t.Fatal(err)
	}
	if c, changed := hear(t, d, press(w, "m-1")); changed || c.ID != first.ID || c.State != shouwang.CallClosed {
		t.Errorf("the same message after the call: %+v %t", c, changed)
	}
	if c, changed := hear(t, d, press(w, "m-2")); !changed || c.ID == first.ID || c.State != shouwang.CallOpen {
		t.Errorf("a new press after the call is a new call: %+v %t", c, changed)
	}
}

func TestWhoStillPressesThoughAnsweredIsLoudAgain(t *testing.T) {
	d, w := withButton(t)
	c, _ := hear(t, d, press(w, ""))
	if _, err := d.AnswerCall(t.Context(), c.ID, "officer:chen"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.AnswerCall(t.Context(), c.ID, "officer:hu"); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("a second dispatcher: %v", err)
	}
	w.add(again - time.Second)
	if c, _ := hear(t, d, press(w, "")); c.State != shouwang.CallAnswered {
		t.Errorf("a press right after the answer: %s", c.State)
	}
	w.add(time.Second)
	if c, _ := hear(t, d, press(w, "")); c.State != shouwang.CallOpen || c.Presses != 3 || c.AnsweredBy != "" {
		t.Errorf("still pressing: %+v", c)
	}
}

func TestWhatIsHeardSurvivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	d, w := open(t, path)
	token, err := d.PutButton(t.Context(), li, false)
	if err != nil {
		t.Fatal(err)
	}
	hear(t, d, press(w, "m-1"))
	// No Close: the second opening stands for the process after a kill.
	again, _ := open(t, path)
	calls, err := again.Calls(t.Context(), w.now())
	if err != nil || len(calls) != 1 {
		t.Fatalf("%v %v", calls, err)
	}
	if err := again.Admits(t.Context(), li.ID, token); err != nil {
		t.Error(err)
	}
	if c, changed := hear(t, again, press(w, "m-1")); changed || c.Presses != 1 {
		t.Errorf("brought again: %+v", c)
	}
}

func TestTheDevicesClockIsBelievedWhereItCanBeRight(t *testing.T) {
	d, w := withButton(t)
	for _, tc := range []struct {
		ago  time.Duration
		want time.Duration
	}{{2 * time.Hour, 2 * time.Hour}, {-time.Hour, 0}, {400 * 24 * time.Hour, 0}} {
		s := press(w, "")
		s.At = w.now().Add(-tc.ago)
		c, _ := hear(t, d, s)
		if got := w.now().Sub(c.First); got != tc.want {
			t.Errorf("a press said to be %s ago counts as %s ago", tc.ago, got)
		}
		if _, err := d.CloseCall(t.Context(), c.ID, "officer:chen", "test", ""); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAHeartbeatIsNoCallAndItsAbsenceIsSeen(t *testing.T) {
	d, w := withButton(t)
	began := w.now()
	s := press(w, "")
	s.Kind, s.Battery = shouwang.SignalHeartbeat, 12
	if _, changed := hear(t, d, s); changed {
		t.Error("a heartbeat is no news for the dispatcher")
	}
	b, err := d.Button(t.Context(), li.ID)
	if err != nil || b.Battery != 12 || !b.Heard.Equal(w.now()) {
		t.Fatalf("%+v %v", b, err)
	}
	w.add(9000 * time.Second)
	if b.Late(w.now(), began) {
		t.Error("late after two and a half heartbeats already")
	}
	w.add(time.Second)
	if !b.Late(w.now(), began) {
		t.Error("not late though silent")
	}
	if b.Late(w.now(), w.now()) {
		t.Error("late though it was we who were away")
	}
}

func TestOnlyItsOwnTokenOpensAButton(t *testing.T) {
	d, _ := open(t, filepath.Join(t.TempDir(), "desk.db"))
	token, err := d.PutButton(t.Context(), li, false)
	if err != nil || len(token) < 20 {
		t.Fatal(token, err)
	}
	if same, err := d.PutButton(t.Context(), li, false); err != nil || same != "" {
		t.Errorf("a change makes no new token: %q %v", same, err)
	}
	next, err := d.PutButton(t.Context(), li, true)
	if err != nil {
		t.Fatal(err)
	}
	for button, tokens := range map[shouwang.ButtonID][]string{li.ID: {"", token, "x"}, "nobody": {next, ""}} {
		for _, tok := range tokens {
			if err := d.Admits(t.Context(), button, tok); shouwang.CodeOf(err) != shouwang.CodeUnauthenticated {
				t.Errorf("%s %q: %v", button, tok, err)
			}
		}
	}
	if err := d.Admits(t.Context(), li.ID, next); err != nil {
		t.Error(err)
	}
	if _, _, err := d.Hear(t.Context(), shouwang.Signal{Button: "nobody", Kind: shouwang.SignalPress}); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("a button nobody registered: %v", err)
	}
}

func TestButtonsThatHelpCouldNotFindAreRefused(t *testing.T) {
	d, _ := open(t, filepath.Join(t.TempDir(), "desk.db"))
	for name, spoil := range map[string]func(*shouwang.Button){
		"id": func(b *shouwang.Button) { b.ID = "../x" }, "nobody": func(b *shouwang.Button) { b.Household = " " },
		"nowhere": func(b *shouwang.Button) { b.Position = shouwang.Position{} }, "heartbeat": func(b *shouwang.Button) { b.HeartbeatS = -1 },
	} {
		b := li
		spoil(&b)
		if _, err := d.PutButton(context.Background(), b, false); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLayoutsBelongToWhoMadeThem(t *testing.T) {
	d, _ := open(t, filepath.Join(t.TempDir(), "desk.db"))
	mine := shouwang.Layout{ID: "left", Owner: "officer:chen", Body: []byte(`{"tiles":["a"]}`), ChangedBy: "officer:chen"}
	if err := d.PutLayout(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	theirs := mine
	theirs.Owner = "officer:hu"
	if err := d.PutLayout(t.Context(), theirs); shouwang.CodeOf(err) != shouwang.CodeConflict {
		t.Errorf("somebody else's: %v", err)
	}
	if got, err := d.Layout(t.Context(), "left"); err != nil || got.Owner != "officer:chen" || string(got.Body) != `{"tiles":["a"]}` {
		t.Errorf("%+v %v", got, err)
	}
	if err := d.RemoveLayout(t.Context(), "left"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Layout(t.Context(), "left"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("gone: %v", err)
	}
}

func TestAMarkKeepsWhatIsNotChanged(t *testing.T) {
	d, w := open(t, filepath.Join(t.TempDir(), "desk.db"))
	set := func(f func(*shouwang.Mark)) shouwang.Mark {
		t.Helper()
		m, err := d.SetMark(t.Context(), "e-1", "door-17", "officer:chen", f)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	set(func(m *shouwang.Mark) { m.AssignedTo = "officer:grid" })
	w.add(time.Minute)
	if m := set(func(m *shouwang.Mark) { m.Case = "case-1" }); m.AssignedTo != "officer:grid" || m.Case != "case-1" {
		t.Errorf("%+v", m)
	}
	if list, err := d.Marks(t.Context(), w.now()); err != nil || len(list) != 1 {
		t.Errorf("%v %v", list, err)
	}
	if list, err := d.Marks(t.Context(), w.now().Add(time.Second)); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}
