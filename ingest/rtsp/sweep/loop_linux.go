package sweep

import (
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// Pace is how often it is looked what came: a picture waits half of it in
	// the mean. Shorter costs wakings, longer shows in live views.
	Pace = 4 * time.Millisecond
	// gulp is how much is taken from one connection at a time. More waits in the
	// kernel for the next round, so that no camera holds up the others.
	gulp = 128 << 10
	// atOnce is how many connections one question to the kernel answers.
	atOnce = 256
)

// loop is a goroutine that reads connections, as long as there are any.
type loop struct {
	mu      sync.Mutex
	epoll   int
	conns   map[int]*Conn
	running bool
}

// loops share the connections: reading and assembling may need more than one
// core, but each of them costs its own wakings.
var loops = sync.OnceValue(func() []*loop {
	return make([]*loop, max(1, min(4, runtime.GOMAXPROCS(0))))
})

// spread is how many connections a loop takes before the next one is begun.
const spread = 384

var joining sync.Mutex // guards the entries of loops

// pick returns the loop for one more connection: the first that is not full,
// else the emptiest.
func pick() (*loop, error) {
	joining.Lock()
	defer joining.Unlock()
	all := loops()
	var best *loop
	for i, l := range all {
		if l == nil {
			fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
			if err != nil {
				return nil, err
			}
			all[i] = &loop{epoll: fd, conns: map[int]*Conn{}}
			return all[i], nil
		}
		n := l.size()
		if n < spread {
			return l, nil
		}
		if best == nil || n < best.size() {
			best = l
		}
	}
	return best, nil
}

func (l *loop) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// Take takes a TCP connection over. The one given is spent and must not be used
// any more, unless an error is returned.
func Take(conn net.Conn) (*Conn, error) {
	tcp, ok := conn.(syscall.Conn)
	if !ok {
		return nil, net.ErrClosed
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, dupErr := -1, error(nil)
	if err := raw.Control(func(old uintptr) { fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, dupErr
	}
	l, err := pick()
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	c := newConn(fd, l, conn.LocalAddr(), conn.RemoteAddr())
	_ = conn.Close() // the runtime's poller lets go of it; the socket lives on in fd
	if err := l.add(c); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return c, nil
}

func (l *loop) add(c *Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(c.fd)}); err != nil {
		return err
	}
	l.conns[c.fd] = c
	if !l.running {
		l.running = true
		go l.run()
	}
	return nil
}

// drop stops reading a connection; its number may be given to another one once
// it is closed.
func (l *loop) drop(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conns[c.fd] == c {
		delete(l.conns, c.fd)
		_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, c.fd, nil)
	}
}

// run reads until there are no connections.
func (l *loop) run() {
	buf := make([]byte, gulp)
	events := make([]unix.EpollEvent, atOnce)
	ready := make([]*Conn, 0, atOnce)
	for {
		more := false
		n, _ := unix.EpollWait(l.epoll, events, 0) // interrupted is as good as none
		var alive bool
		if ready, alive = l.pickOut(ready[:0], events[:max(0, n)]); !alive {
			return
		}
		now := time.Now()
		for _, c := range ready {
			more = c.sweep(buf, now) || more
		}
		if !more && n < atOnce {
			time.Sleep(Pace)
		}
	}
}

// pickOut lists the connections that have something; alive is false when there
// are none at all, and the loop then ends.
func (l *loop) pickOut(into []*Conn, events []unix.EpollEvent) (ready []*Conn, alive bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) == 0 {
		l.running = false
		return nil, false
	}
	for _, e := range events {
		if c := l.conns[int(e.Fd)]; c != nil {
			into = append(into, c)
		}
	}
	return into, true
}
