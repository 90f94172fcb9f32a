package file

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"shouwang"
	"shouwang/ingest/assemble"
)

// Bounds on the boxes of the fragmented MP4 that ffmpeg pipes to us.
const (
	maxBox     = 16 << 20
	maxSamples = 1 << 16
)

var errFragment = errors.New("malformed fragment")

// sample is one access unit of the container.
type sample struct {
	pts  shouwang.MediaTime
	data []byte // valid until the next call
}

// fragments reads a fragmented MP4 (ISO/IEC 14496-12) of one track with a
// timescale of 90 kHz sample by sample, holding one sample at a time.
type fragments struct {
	r       *bufio.Reader
	pending []entry
	buf     []byte
}

type entry struct {
	pts  shouwang.MediaTime
	size uint32
}

func newFragments(r io.Reader) *fragments { return &fragments{r: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next sample, io.EOF at the end.
func (f *fragments) next() (sample, error) {
	for len(f.pending) == 0 {
		if err := f.box(); err != nil {
			return sample{}, err
		}
	}
	e := f.pending[0]
	f.pending = f.pending[1:]
	if e.size > assemble.MaxUnitBytes {
		return sample{}, errFragment
	}
	if cap(f.buf) < int(e.size) {
		f.buf = make([]byte, e.size, e.size*3/2)
	}
	f.buf = f.buf[:e.size]
	if _, err := io.ReadFull(f.r, f.buf); err != nil {
		return sample{}, errors.Join(errFragment, err)
	}
	return sample{pts: e.pts, data: f.buf}, nil
}

// box reads one top-level box: a moof is understood, an mdat's header is
// stepped over so that its samples follow, all else is skipped.
func (f *fragments) box() error {
	var h [8]byte
	if _, err := io.ReadFull(f.r, h[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return errFragment
		}
		return err
	}
	size, kind := binary.BigEndian.Uint32(h[:]), string(h[4:])
	if kind == "mdat" {
		return nil
	}
	if size < 8 || size > maxBox {
		return errFragment
	}
	body := make([]byte, size-8)
	if _, err := io.ReadFull(f.r, body); err != nil {
		return errors.Join(errFragment, err)
	}
	if kind != "moof" {
		return nil
	}
	list, err := parseMoof(body)
	if err != nil {
		return err
	}
	// The samples stand in the mdat that follows at once.
	if _, err := io.ReadFull(f.r, h[:]); err != nil || string(h[4:]) != "mdat" {
		return errFragment
	}
	f.pending = list
	return nil
}

// children calls each for every box in b.
func children(b []byte, each func(kind string, body []byte) error) error {
	for len(b) >= 8 {
		size := binary.BigEndian.Uint32(b)
		if size < 8 || uint64(size) > uint64(len(b)) {
			return errFragment
		}
		if err := each(string(b[4:8]), b[8:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// defaults are what a track fragment says once for all its samples.
type defaults struct {
	duration, size uint32
	time           uint64
}

func parseMoof(b []byte) ([]entry, error) {
	var out []entry
	var d defaults
	var visit func(kind string, body []byte) error
	visit = func(kind string, body []byte) error {
		switch kind {
		case "traf":
			return children(body, visit)
		case "tfhd":
			return d.header(body)
		case "tfdt":
			return d.baseTime(body)
		case "trun":
			list, err := d.run(body)
			out = append(out, list...)
			return err
		}
		return nil
	}
	err := children(b, visit)
	return out, err
}

// header reads a tfhd box (section 8.8.7).
func (d *defaults) header(b []byte) error {
	c := cursor{b: b}
	flags := c.u32() & 0xffffff
	c.u32() // track
	if flags&1 != 0 {
		c.u32()
		c.u32()
	}
	if flags&2 != 0 {
		c.u32()
	}
	if flags&8 != 0 {
		d.duration = c.u32()
	}
	if flags&0x10 != 0 {
		d.size = c.u32()
	}
	return c.err
}

// baseTime reads a tfdt box (section 8.8.12).
func (d *defaults) baseTime(b []byte) error {
	c := cursor{b: b}
	long := c.u32()>>24 == 1
	d.time = uint64(c.u32())
	if long {
		d.time = d.time<<32 | uint64(c.u32())
	}
	return c.err
}

// run reads a trun box (section 8.8.8).
func (d *defaults) run(b []byte) ([]entry, error) {
	c := cursor{b: b}
	flags := c.u32() & 0xffffff
	n := c.u32()
	if n > maxSamples {
		return nil, errFragment
	}
	if flags&1 != 0 {
		c.u32() // data offset: ffmpeg's samples follow in order
	}
	if flags&4 != 0 {
		c.u32()
	}
	var out []entry
	for range n {
		duration, size, offset := d.duration, d.size, int32(0)
		if flags&0x100 != 0 {
			duration = c.u32()
		}
		if flags&0x200 != 0 {
			size = c.u32()
		}
		if flags&0x400 != 0 {
			c.u32()
		}
		if flags&0x800 != 0 {
			offset = int32(c.u32()) // version 0 never reaches the sign
		}
		if c.err != nil {
			return nil, c.err
		}
		out = append(out, entry{pts: shouwang.MediaTime(d.time) + shouwang.MediaTime(offset), size: size})
		d.time += uint64(duration)
	}
	return out, nil
}

// cursor reads big-endian numbers and remembers running out.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) u32() uint32 {
	if len(c.b) < 4 {
		c.err = errFragment
		return 0
	}
	v := binary.BigEndian.Uint32(c.b)
	c.b = c.b[4:]
	return v
}
