package sweep

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Tap takes the frames of one pair of channels out of a connection.
type Tap struct {
	// Channel carries RTP, the one after it RTCP.
	Channel int
	// RTP and RTCP are given each payload in order, from one goroutine; they must
	// not wait and not keep it.
	RTP, RTCP func(payload []byte)
	// Every is how often a frame goes the old way as well, for time-outs that look
	// for frames.
	Every time.Duration

	shown time.Time
}

// backlog is how much may wait for Read before the connection is not read any
// further.
const backlog = 64 << 10

// Conn is a connection that a loop reads. It implements net.Conn; Read returns
// what is not tapped.
type Conn struct {
	fd            int
	loop          *loop
	local, remote net.Addr
	tap           atomic.Pointer[Tap]
	split         splitter

	reading sync.Mutex // held while the descriptor is read, and to close it
	now     time.Time  // of the round of reading; the loop's
	writing sync.Mutex // held while it is written, and to close it

	mu       sync.Mutex
	waiting  []byte // for Read
	taken    int    // of waiting
	full     bool   // the loop has stopped for want of room
	err      error  // what ended reading
	closed   bool
	until    time.Time // deadline of Read
	writeBy  time.Time
	news     chan struct{} // holds one token when Read may have something to do
	deadline *time.Timer
}

func newConn(fd int, l *loop, local, remote net.Addr) *Conn {
	c := &Conn{fd: fd, loop: l, local: local, remote: remote, news: make(chan struct{}, 1)}
	c.split.frame, c.split.rest = c.frame, c.pass
	return c
}

// Tap begins to take frames out; nil ends it.
func (c *Conn) Tap(t *Tap) {
	if t != nil {
		t.shown = time.Now()
	}
	c.tap.Store(t)
}

// sweep reads once, now; more says that there is more to read.
func (c *Conn) sweep(buf []byte, now time.Time) (more bool) {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.now = now
	if c.over() {
		return false
	}
	n, err := unix.Read(c.fd, buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return false
	case err != nil:
		c.fail(os.NewSyscallError("read", err))
		return false
	case n == 0:
		c.fail(io.EOF)
		return false
	}
	c.split.feed(buf[:n])
	return n == len(buf)
}

// over reports whether nothing more is to be read, for now or for ever.
func (c *Conn) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && c.err == nil && len(c.waiting)-c.taken > backlog && !c.full {
		c.full = true
		c.loop.drop(c)
	}
	return c.closed || c.err != nil || c.full
}

func (c *Conn) fail(err error) {
	c.loop.drop(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.wake()
}

// wake tells Read to look again.
func (c *Conn) wake() {
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// frame takes a whole interleaved frame.
func (c *Conn) frame(b []byte) {
	t := c.tap.Load()
	if t == nil {
		c.pass(b)
		return
	}
	switch int(b[1]) {
	case t.Channel:
		t.RTP(b[frameHead:])
	case t.Channel + 1:
		t.RTCP(b[frameHead:])
	default:
		return // of no medium that was set up
	}
	if c.now.Sub(t.shown) >= t.Every {
		t.shown = c.now
		c.pass(b)
	}
}

// pass keeps bytes for Read.
func (c *Conn) pass(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken == len(c.waiting) {
		c.waiting, c.taken = c.waiting[:0], 0
	}
	c.waiting = append(c.waiting, b...)
	c.wake()
}

// Read implements net.Conn. One goroutine reads at a time.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		n, late, err := c.take(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-c.news:
		case <-late:
		}
	}
}

// take returns what waits, or what ended reading, or when waiting is to end.
func (c *Conn) take(p []byte) (n int, late <-chan time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, nil, net.ErrClosed
	}
	if n = copy(p, c.waiting[c.taken:]); n > 0 {
		c.taken += n
		c.roomAgain()
		return n, nil, nil
	}
	if c.err != nil {
		return 0, nil, c.err
	}
	if c.until.IsZero() {
		return 0, nil, nil
	}
	left := time.Until(c.until)
	if left <= 0 {
		return 0, nil, os.ErrDeadlineExceeded
	}
	if c.deadline == nil {
		c.deadline = time.NewTimer(left)
	} else {
		c.deadline.Reset(left)
	}
	return 0, c.deadline.C, nil
}

// roomAgain goes on reading after what waited was taken; called with mu held.
func (c *Conn) roomAgain() {
	if c.taken < len(c.waiting) {
		return
	}
	if cap(c.waiting) > keepPart {
		c.waiting = nil
	} else {
		c.waiting = c.waiting[:0]
	}
	c.taken = 0
	if c.full {
		c.full = false
		if err := c.loop.add(c); err != nil {
			c.err = err
		}
	}
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for n < len(p) {
		by, closed := c.writable()
		if closed {
			return n, net.ErrClosed
		}
		m, err := unix.Write(c.fd, p[n:])
		n += max(0, m)
		switch {
		case err == nil || errors.Is(err, unix.EINTR):
		case !errors.Is(err, unix.EAGAIN):
			return n, os.NewSyscallError("write", err)
		case !by.IsZero() && time.Now().After(by):
			return n, os.ErrDeadlineExceeded
		default:
			// Requests are small: this is a camera that takes nothing any more.
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}, 50)
		}
	}
	return n, nil
}

func (c *Conn) writable() (by time.Time, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeBy, c.closed
}

// Close implements net.Conn. After it returns nothing is tapped any more. It
// must not be called from a tap.
func (c *Conn) Close() error {
	c.loop.drop(c)
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.wake()
	c.mu.Unlock()
	if was {
		return net.ErrClosed
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	c.writing.Lock()
	defer c.writing.Unlock()
	c.loop.drop(c) // Read may have put it back
	return os.NewSyscallError("close", unix.Close(c.fd))
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	c.wake()
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = t
	return nil
}
