package sweep

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns a swept connection and the camera's end of it.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	camera, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Take(dialed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = camera.Close() })
	return c, camera
}

func send(t *testing.T, c net.Conn, b string) {
	t.Helper()
	if _, err := c.Write([]byte(b)); err != nil {
		t.Error(err)
	}
}

func TestTappedFramesAreTakenOut(t *testing.T) {
	c, camera := pair(t)
	var mu sync.Mutex
	var taken []string
	keep := func(p []byte) { mu.Lock(); defer mu.Unlock(); taken = append(taken, string(p)) }
	c.Tap(&Tap{Channel: 4, RTP: keep, RTCP: keep, Every: time.Hour})
	send(t, camera, "$\x04\x00\x02ab$\x09\x00\x02xx$\x05\x00\x01r$\x04\x00\x03c")
	send(t, camera, "deRTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n")
	want := "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(taken) != 3 || taken[0] != "ab" || taken[1] != "r" || taken[2] != "cde" {
		t.Errorf("taken %q", taken)
	}
}

func TestSomeFramesAreShown(t *testing.T) {
	c, camera := pair(t)
	c.Tap(&Tap{Channel: 0, RTP: func([]byte) {}, RTCP: func([]byte) {}}) // each of them
	send(t, camera, "$\x00\x00\x02ab")
	got := make([]byte, 6)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "$\x00\x00\x02ab" {
		t.Fatalf("%q %v", got, err)
	}
}

func TestAConnectionEnds(t *testing.T) {
	c, camera := pair(t)
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 8)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	send(t, camera, "RTSP/1")
	if err := camera.Close(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); err != nil || string(b) != "RTSP/1" {
		t.Errorf("before the end: %q %v", b, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 8)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

func TestClosingWakesWhoReads(t *testing.T) {
	c, _ := pair(t)
	ended := make(chan error)
	go func() { _, err := c.Read(make([]byte, 8)); ended <- err }()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestWhoDoesNotReadIsNotReadFor fills a connection that nobody reads, and reads
// all of it later.
func TestWhoDoesNotReadIsNotReadFor(t *testing.T) {
	c, camera := pair(t)
	message := []byte("RTSP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n" + string(make([]byte, 100_000)))
	const n = 40
	go func() {
		for range n {
			_, _ = camera.Write(message)
		}
	}()
	stopped := func() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.full }
	for limit := time.Now().Add(30 * time.Second); !stopped(); {
		if time.Now().After(limit) {
			t.Fatal("it is read on and on")
		}
		<-time.After(time.Millisecond)
	}
	c.mu.Lock()
	held := len(c.waiting)
	c.mu.Unlock()
	if held > backlog+gulp {
		t.Errorf("%d bytes held", held)
	}
	got := make([]byte, n*len(message))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, bytes.Repeat(message, n)) {
		t.Errorf("not what was sent: %v", err)
	}
}

// TestTakingAllocatesNothing feeds packets as a camera sends them.
func TestTakingAllocatesNothing(t *testing.T) {
	c := newConn(-1, nil, nil, nil)
	n := 0
	c.Tap(&Tap{Channel: 0, RTP: func(p []byte) { n += len(p) }, RTCP: func([]byte) {}, Every: time.Hour})
	packet := append([]byte("$\x00\x04\x00"), make([]byte, 1024)...)
	stream := bytes.Repeat(packet, 10)
	if a := testing.AllocsPerRun(100, func() {
		c.split.feed(stream[:5000])
		c.split.feed(stream[5000:])
	}); a != 0 {
		t.Errorf("%v allocations", a)
	}
	if n == 0 {
		t.Error("nothing was taken")
	}
}

func TestManyConnectionsComeAndGo(t *testing.T) {
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			c, camera := pair(t)
			got := make(chan byte, 100)
			c.Tap(&Tap{Channel: 0, RTP: func(p []byte) { got <- p[0] }, RTCP: func([]byte) {}, Every: time.Hour})
			for i := range byte(100) {
				send(t, camera, "$\x00\x00\x01"+string([]byte{i}))
			}
			for i := range byte(100) {
				if b := <-got; b != i {
					t.Errorf("%d instead of %d", b, i)
				}
			}
			_ = c.Close()
		})
	}
	all.Wait()
}
