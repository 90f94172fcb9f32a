package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"shouwang"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
)

// loop is the state of a running worker. Everything belongs to its thread.
type loop struct {
	cfg       Config
	conn      io.Writer
	cameras   map[uint32]*camera
	renderers map[uint32]*renderer
	keys      [3]*decode.Decoder // shared, by codec
	out       []byte             // a KindObs message being filled
	records   int
	msg       []byte // other answers
	answers   []byte // a KindFound message
	views     []byte // KindView messages that wait for the observations to go
	masks     []byte // KindMask messages, which go before the observations
	unitBuf   wire.Unit
	patience  int // units since something first waited for the classifier
	stats     wire.Stats
	pings     int
}

// The observations of a batch go out when this many wait or when no further
// unit is at hand.
const batch = 16

// Run serves one connection until its end, which is a nil error: shouwang has
// gone or wants this process to go. Any other error means that the two
// binaries do not understand each other.
func Run(conn io.ReadWriter, cfg Config) error {
	runtime.LockOSThread() // the CPU clock is the thread's
	defer runtime.UnlockOSThread()
	w := &loop{cfg: cfg, conn: conn, cameras: map[uint32]*camera{}, renderers: map[uint32]*renderer{}}
	defer w.close()
	w.resetObs()
	if err := w.send(wire.KindHello, wire.Hello{Version: wire.Version, PID: os.Getpid(), Sandbox: cfg.Sandbox, Codec: decode.Version(), Classifier: w.classifier()}); err != nil {
		return err
	}
	r := wire.NewReader(conn)
	for {
		kind, body, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from shouwang: %w", err)
		}
		if err := w.handle(kind, body); err != nil {
			return fmt.Errorf("handle message %d: %w", kind, err)
		}
		if w.records >= batch || w.records > 0 && !r.Buffered() {
			if err := w.flushObs(); err != nil {
				return err
			}
		}
		if err := w.classify(r.Buffered()); err != nil {
			return err
		}
	}
}

func (w *loop) close() {
	for h := range w.cameras {
		w.drop(h)
	}
	for h := range w.renderers {
		w.drop(h)
	}
	for _, d := range w.keys {
		if d != nil {
			d.Close()
		}
	}
}

func (w *loop) handle(kind wire.Kind, body []byte) error {
	switch kind {
	case wire.KindUnit:
		return w.handleUnit(body)
	case wire.KindOpen:
		var o wire.Open
		if err := wire.ParseJSON(body, &o); err != nil {
			return err
		}
		return w.open(&o)
	case wire.KindRender:
		var o wire.Render
		if err := wire.ParseJSON(body, &o); err != nil {
			return err
		}
		return w.openRenderer(&o)
	case wire.KindMark:
		var m wire.Remark
		if err := wire.ParseJSON(body, &m); err != nil {
			return err
		}
		return w.remark(&m)
	case wire.KindClose:
		h, err := wire.ParseHandle(body)
		w.drop(h)
		return err
	case wire.KindFlush:
		h, err := wire.ParseHandle(body)
		if err != nil {
			return err
		}
		return w.flushRenderer(h)
	case wire.KindAsk:
		return w.ask(body)
	case wire.KindPing:
		w.trim()
		return w.send(wire.KindStats, w.statistics())
	}
	return nil
}

func (w *loop) handleUnit(body []byte) error {
	u := &w.unitBuf
	if err := wire.ParseUnit(body, u); err != nil {
		return err
	}
	w.stats.Units++
	broken := nal.ToAnnexB(u.Data) != nil
	if c := w.cameras[u.Handle]; c != nil {
		if broken {
			w.observe(c, u, nil, decode.Cost{Errors: 1}, false)
			return nil
		}
		w.unit(c, u)
		return nil
	}
	if r := w.renderers[u.Handle]; r != nil {
		return w.render(r, u, broken)
	}
	// Closed or failed meanwhile: every unit is answered once, in order, or
	// shouwang would take this process for stuck.
	w.out = wire.AppendObs(w.out, &wire.Obs{Handle: u.Handle, Seq: u.Seq, Flags: wire.FlagAck})
	w.records++
	return nil
}

func (w *loop) open(o *wire.Open) error {
	c := w.cameras[o.Handle]
	if c == nil {
		if len(w.cameras)+len(w.renderers) >= maxStreams {
			return w.fault(o.Handle, shouwang.Errorf(shouwang.CodeOverloaded, "this analyzer process has all the cameras it can hold"))
		}
		det, err := w.cfg.NewDetector(o.Model, o.Config)
		if err != nil {
			return w.fault(o.Handle, err)
		}
		c = &camera{chain: chain{handle: o.Handle}, det: det, shown: -sceneEvery}
		c.grids = o.View
		if m, ok := det.(Masker); ok && o.Mask {
			c.masker = m
		}
		if o.Scene && w.cfg.NewScene != nil {
			c.scene = w.cfg.NewScene()
		}
		w.cameras[o.Handle] = c
	}
	if err := c.setParams(&o.Params, w.cfg.Limits); err != nil {
		return w.fault(o.Handle, err)
	}
	return nil
}

// drop closes a camera or a renderer, if there is one of that handle.
func (w *loop) drop(handle uint32) {
	if c := w.cameras[handle]; c != nil {
		c.release()
		if held, ok := c.det.(interface{ Close() }); ok { // memory of C's
			held.Close()
		}
		delete(w.cameras, handle)
	}
	if r := w.renderers[handle]; r != nil {
		r.release()
		r.Close()
		delete(w.renderers, handle)
	}
}

// trimEvery is how many pings pass between looks for memory to give back.
const trimEvery = 2

// trim gives memory back now and then.
func (w *loop) trim() {
	if w.pings++; w.pings%trimEvery == 0 {
		decode.Trim()
	}
}

// shared decodes a key frame on the decoder that all cameras of its codec use.
func (w *loop) shared(c *camera, u *wire.Unit) (*decode.Picture, decode.Cost, error) {
	d := w.keys[c.codec]
	if d == nil {
		var err error
		d, err = decode.New(decode.Options{Codec: c.codec, SkipLoopFilter: true, MaxPixels: w.cfg.Limits.Pixels})
		if err != nil {
			return nil, decode.Cost{}, err
		}
		w.keys[c.codec] = d
	}
	p, cost := d.DecodeAlone(c.params, u.Data, int64(u.Seq))
	return p, cost, nil
}

func (w *loop) send(kind wire.Kind, v any) error {
	msg, err := wire.AppendJSON(w.msg[:0], kind, v)
	if err != nil {
		return err
	}
	w.msg = msg
	return w.write(msg)
}

func (w *loop) fault(handle uint32, err error) error {
	return w.send(wire.KindFault, wire.Fault{Handle: handle, Code: shouwang.CodeOf(err), Text: err.Error()})
}

// log sends a line; that it cannot be sent is noticed by the next answer.
func (w *loop) log(level, text string) {
	_ = w.send(wire.KindLog, wire.Log{Level: level, Text: text})
}

func (w *loop) resetObs() {
	w.out = wire.Begin(w.out[:0], wire.KindObs)
	w.records = 0
}

func (w *loop) flushObs() error {
	wire.End(w.out, 0)
	if len(w.masks) > 0 {
		if err := w.writeRaw(w.masks); err != nil {
			return err
		}
		w.masks = w.masks[:0]
	}
	err := w.writeRaw(w.out)
	w.resetObs()
	if err == nil && len(w.views) > 0 {
		err = w.writeRaw(w.views)
		w.views = w.views[:0]
	}
	return err
}

// write sends a message that is no batch of observations; those that wait go
// first, so that answers keep the order of the units.
func (w *loop) write(msg []byte) error {
	if w.records > 0 {
		if err := w.flushObs(); err != nil {
			return err
		}
	}
	return w.writeRaw(msg)
}

func (w *loop) writeRaw(msg []byte) error {
	if _, err := w.conn.Write(msg); err != nil {
		return fmt.Errorf("write to shouwang: %w", err)
	}
	return nil
}

func (w *loop) statistics() wire.Stats {
	s := w.stats
	s.Cameras, s.Renderers = len(w.cameras), len(w.renderers)
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		s.CPUMicros = uint64(u.Utime.Nano()+u.Stime.Nano()) / 1000
		s.MaxRSS = uint64(u.Maxrss) << 10
	}
	return s
}

// cpuTime is the CPU time that this thread has used.
func cpuTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
