package web

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shouwang"
)

// listen opens the event stream and returns its lines as they come.
func (p *person) listen(last string) (<-chan string, context.CancelFunc) {
	p.town.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	resp := p.request(ctx, "GET", "/api/events/stream", nil, "Last-Event-ID", last)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		p.town.t.Fatalf("stream: %d", resp.StatusCode)
	}
	lines := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer resp.Body.Close()
		scan := bufio.NewScanner(resp.Body)
		for scan.Scan() {
			if scan.Text() != "" {
				lines <- scan.Text()
			}
		}
		close(lines)
	}()
	return lines, func() { cancel(); <-done }
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line, ok := <-lines:
		if !ok {
			t.Fatal("the stream ended")
		}
		return line
	case <-time.After(3 * time.Second):
		t.Fatal("nothing came within 3 s")
		return ""
	}
}

func TestStreamTellsWhatOneMayKnow(t *testing.T) {
	tn := newTown(t)
	ctx := context.Background()
	lines, stop := tn.signIn("officer:chen").listen("")
	defer stop()
	if got := next(t, lines); got != ": hello" {
		t.Errorf("first line %q", got)
	}
	say := func(topic shouwang.Topic, body any) { _, _ = tn.bus.Publish(ctx, topic, body) }
	say(shouwang.TopicEvent, shouwang.Event{ID: "e-far", Camera: "far", Kind: shouwang.KindMotion})
	say(shouwang.TopicEvent, shouwang.Event{ID: "e-1", Camera: "door", Kind: shouwang.KindPerson, Phase: shouwang.PhaseBegin})
	say(shouwang.TopicTicket, shouwang.TicketEnd{Camera: "door", Viewer: "officer:far", Ticket: "t-x"})
	say(shouwang.TopicTicket, shouwang.TicketEnd{Camera: "door", Viewer: "officer:chen", Ticket: "t-1", Reason: "ttl"})
	say(shouwang.TopicLook, shouwang.LookNotice{Camera: "door"})
	say(shouwang.TopicCamera, shouwang.StreamStatus{Camera: "gate", State: shouwang.LinkStalled, Code: shouwang.CodeStalled})
	say(shouwang.TopicConsent, shouwang.ConsentChange{Camera: "far", State: "paused"})
	say(shouwang.TopicConsent, shouwang.ConsentChange{Camera: "door", State: "paused"})
	var got []string
	for len(got) < 12 {
		got = append(got, next(t, lines))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"event: event\nid: 2\ndata: {\"id\":\"e-1\"", `"camera_name":"Door"`, "event: ticket\nid: 4\n", "event: camera\nid: 6\n", `"state":"stalled"`, "event: consent\nid: 8\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
	for _, never := range []string{"far", "t-x", "event: look"} {
		if strings.Contains(text, never) {
			t.Errorf("tells %q:\n%s", never, text)
		}
	}
}

func TestStreamResumesAfterTheLastSeen(t *testing.T) {
	tn := newTown(t)
	for _, id := range []shouwang.EventID{"e-1", "e-2", "e-3"} {
		_, _ = tn.bus.Publish(context.Background(), shouwang.TopicEvent, shouwang.Event{ID: id, Camera: "door"})
	}
	li := tn.signIn("resident:li")
	lines, stop := li.listen("2")
	next(t, lines)
	if got := next(t, lines) + " " + next(t, lines); got != "event: event id: 3" {
		t.Errorf("went on with %q", got)
	}
	stop()
	lines, stop = li.listen("nonsense")
	defer stop()
	next(t, lines)
	if got := next(t, lines); got != "event: missed" {
		t.Errorf("after an unknown id: %q", got)
	}
}

func TestOwnerIsToldOfALook(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	lines, stop := tn.signIn("resident:li").listen("")
	defer stop()
	next(t, lines)
	viewer, _ := tn.signIn("officer:chen").watchLive("door", "case=case-1")
	if err := viewer.WaitPictures(1, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if got := next(t, lines); got != "event: look" {
		t.Errorf("told %q", got)
	}
}
