package rtsp

import (
	"net"
	"sync/atomic"
	"time"
)

// gulp is how much of a connection is read at a time. A picture of a sub-stream
// comes at once, in half a dozen packets: one read takes it whole, where the
// RTSP library's buffer of 4 KiB asks the kernel once a packet or two.
const gulp = 16 << 10

// gulping is a connection that is read in large pieces and whose deadlines are
// moved only when that makes a difference.
type gulping struct {
	net.Conn
	buf        []byte // what was read and not taken
	store      *[gulp]byte
	readUntil  atomic.Int64 // deadline in force, Unix nanoseconds; 0 none
	writeUntil atomic.Int64
}

// Read implements net.Conn. One goroutine reads at a time.
//
// Waiting a few milliseconds after the first packet of a picture for the others
// was tried: fewer reads still, but a timer each, and no CPU saved.
func (g *gulping) Read(p []byte) (int, error) {
	if len(g.buf) == 0 {
		if len(p) >= gulp {
			return g.Conn.Read(p)
		}
		if g.store == nil {
			g.store = new([gulp]byte)
		}
		n, err := g.Conn.Read(g.store[:])
		if err != nil {
			return 0, err
		}
		g.buf = g.store[:n]
	}
	n := copy(p, g.buf)
	g.buf = g.buf[n:]
	return n, nil
}

// coarse is how far a deadline may be from what was asked for: the library asks
// anew for every packet.
const coarse = 500 * time.Millisecond

func moved(in *atomic.Int64, t time.Time) bool {
	if t.IsZero() {
		return in.Swap(0) != 0
	}
	at, was := t.UnixNano(), in.Load()
	if was != 0 && at >= was && at-was < int64(coarse) {
		return false
	}
	in.Store(at)
	return true
}

// SetReadDeadline implements net.Conn.
func (g *gulping) SetReadDeadline(t time.Time) error {
	if !moved(&g.readUntil, t) {
		return nil
	}
	return g.Conn.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn.
func (g *gulping) SetWriteDeadline(t time.Time) error {
	if !moved(&g.writeUntil, t) {
		return nil
	}
	return g.Conn.SetWriteDeadline(t)
}
