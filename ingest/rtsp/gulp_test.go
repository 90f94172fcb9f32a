package rtsp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// counting is a connection that counts what is asked of it.
type counting struct {
	net.Conn
	in        *bytes.Reader
	reads     int
	deadlines []time.Time
}

func (c *counting) Read(p []byte) (int, error) {
	c.reads++
	return c.in.Read(p)
}

func (c *counting) SetReadDeadline(t time.Time) error {
	c.deadlines = append(c.deadlines, t)
	return nil
}

func TestGulpingReadsEverythingInFewReads(t *testing.T) {
	sent := make([]byte, 100_000)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	c := &counting{in: bytes.NewReader(sent)}
	g := &gulping{Conn: c}
	var got []byte
	for small := make([]byte, 1000); ; {
		n, err := g.Read(small)
		got = append(got, small[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, sent) {
		t.Error("the bytes are not those that were sent")
	}
	if most := len(sent)/gulp + 2; c.reads > most {
		t.Errorf("%d reads, want at most %d", c.reads, most)
	}
}

func TestDeadlinesMoveOnlyWhenItMatters(t *testing.T) {
	c := &counting{}
	g := &gulping{Conn: c}
	now := time.Unix(1000, 0)
	for _, at := range []time.Time{
		now, now.Add(100 * time.Millisecond), now.Add(400 * time.Millisecond), // near enough to the first
		now.Add(time.Second), now.Add(-time.Second), // later, and sooner
		{}, {}, // none, and none again
		now,
	} {
		if err := g.SetReadDeadline(at); err != nil {
			t.Fatal(err)
		}
	}
	want := []time.Time{now, now.Add(time.Second), now.Add(-time.Second), {}, now}
	if len(c.deadlines) != len(want) {
		t.Fatalf("deadlines set: %v", c.deadlines)
	}
	for i := range want {
		if !c.deadlines[i].Equal(want[i]) {
			t.Errorf("deadline %d: %v, want %v", i, c.deadlines[i], want[i])
		}
	}
}
