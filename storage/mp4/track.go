package mp4

import (
	"time"

	"shouwang"
)

// track is what the boxes above the sample tables need.
type track struct {
	params   []*shouwang.Params
	created  time.Time
	duration uint64 // media ticks
	// shift is the composition time of the first picture, which an edit list
	// brings to zero.
	shift uint64
}

func (w *boxes) mvhd(created time.Time, duration uint64) {
	w.full("mvhd", 1, 0, func() {
		w.u64(macTime(created))
		w.u64(macTime(created))
		w.u32(shouwang.MediaRate)
		w.u64(duration)
		w.u32(0x10000)
		w.u16(0x100)
		w.zeros(10)
		w.matrix()
		w.zeros(24)
		w.u32(2)
	})
}

// trak appends a video track; tables writes the boxes after stsd.
func (w *boxes) trak(t track, tables func()) error {
	var err error
	width, height := 0, 0
	for _, p := range t.params {
		if p != nil {
			width, height = max(width, p.Width), max(height, p.Height)
		}
	}
	w.box("trak", func() {
		w.full("tkhd", 1, 3, func() {
			w.u64(macTime(t.created))
			w.u64(macTime(t.created))
			w.u32(1)
			w.u32(0)
			w.u64(t.duration)
			w.zeros(16)
			w.matrix()
			w.u32(uint32(width) << 16)
			w.u32(uint32(height) << 16)
		})
		if t.shift > 0 {
			w.box("edts", func() {
				w.full("elst", 1, 0, func() {
					w.u32(1)
					w.u64(t.duration)
					w.u64(t.shift)
					w.u32(0x10000)
				})
			})
		}
		w.box("mdia", func() { err = w.mdia(t, tables) })
	})
	return err
}

func (w *boxes) mdia(t track, tables func()) error {
	var err error
	w.full("mdhd", 1, 0, func() {
		w.u64(macTime(t.created))
		w.u64(macTime(t.created))
		w.u32(shouwang.MediaRate)
		w.u64(t.duration)
		w.u16(0x55c4) // und
		w.u16(0)
	})
	w.full("hdlr", 0, 0, func() { w.str("\x00\x00\x00\x00vide\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00video\x00") })
	w.box("minf", func() {
		w.full("vmhd", 0, 1, func() { w.zeros(8) })
		w.box("dinf", func() {
			w.full("dref", 0, 0, func() {
				w.u32(1)
				w.full("url ", 0, 1, func() {})
			})
		})
		w.box("stbl", func() {
			w.full("stsd", 0, 0, func() {
				w.u32(uint32(len(t.params)))
				for _, p := range t.params {
					if e := w.entry(p); e != nil {
						err = e
					}
				}
			})
			tables()
		})
	})
	return err
}
