package mp4

import "shouwang"

// header returns ftyp, moov and the beginning of mdat for the plan. The chunk
// offsets depend on the header's own length, which does not depend on them:
// it is made twice.
func (p *plan) header() ([]byte, error) {
	first, err := p.headerFor(0)
	if err != nil {
		return nil, err
	}
	return p.headerFor(int64(len(first)))
}

func (p *plan) headerFor(dataStart int64) ([]byte, error) {
	last := p.items[len(p.items)-1]
	t := track{params: p.params, created: p.from, duration: uint64(last.at + last.Duration)}
	t.shift = uint64(max(0, p.items[0].PTS-p.items[0].DTS))
	w := &boxes{b: make([]byte, 0, 1500+20*len(p.items))}
	w.box("ftyp", func() { w.str("isom\x00\x00\x02\x00isomiso2avc1mp41") })
	var err error
	w.box("moov", func() {
		w.mvhd(t.created, t.duration)
		err = w.trak(t, func() { p.tables(w, dataStart) })
	})
	w.u32(1) // mdat with a 64-bit size
	w.str("mdat")
	w.u64(uint64(p.size) + 16)
	return w.b, err
}

// tables writes the sample tables, ISO/IEC 14496-12 sections 8.6 and 8.7.
func (p *plan) tables(w *boxes, dataStart int64) {
	w.runLength("stts", 0, len(p.items), func(i int) uint32 { return uint32(p.items[i].Duration) })
	if p.reordered() {
		w.runLength("ctts", 1, len(p.items), func(i int) uint32 { return uint32(int32(p.items[i].PTS - p.items[i].DTS)) })
	}
	w.full("stss", 0, 0, func() {
		at := len(w.b)
		w.u32(0)
		n := uint32(0)
		for i := range p.items {
			if p.items[i].Key {
				w.u32(uint32(i + 1))
				n++
			}
		}
		w.patch(at, n)
	})
	w.full("stsc", 0, 0, func() { p.chunkMap(w) })
	w.full("stsz", 0, 0, func() {
		w.u32(0)
		w.u32(uint32(len(p.items)))
		for i := range p.items {
			w.u32(uint32(p.items[i].Size))
		}
	})
	w.full("co64", 0, 0, func() {
		w.u32(uint32(len(p.runs)))
		for i := range p.runs {
			w.u64(uint64(dataStart + p.runs[i].start))
		}
	})
}

func (p *plan) reordered() bool {
	for i := range p.items {
		if p.items[i].PTS != p.items[i].DTS {
			return true
		}
	}
	return false
}

func (p *plan) chunkMap(w *boxes) {
	at := len(w.b)
	w.u32(0)
	n := uint32(0)
	for i := range p.runs {
		r := &p.runs[i]
		if i > 0 && p.runs[i-1].count == r.count && p.runs[i-1].desc == r.desc {
			continue
		}
		w.u32(uint32(i + 1))
		w.u32(uint32(r.count))
		w.u32(uint32(r.desc + 1))
		n++
	}
	w.patch(at, n)
}

// runLength writes a table of (count, value) pairs.
func (w *boxes) runLength(kind string, version byte, n int, value func(int) uint32) {
	w.full(kind, version, 0, func() {
		at := len(w.b)
		w.u32(0)
		entries := uint32(0)
		for i := 0; i < n; {
			v, j := value(i), i+1
			for j < n && value(j) == v {
				j++
			}
			w.u32(uint32(j - i))
			w.u32(v)
			entries++
			i = j
		}
		w.patch(at, entries)
	})
}

func (w *boxes) patch(at int, v uint32) {
	w.b[at], w.b[at+1], w.b[at+2], w.b[at+3] = byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

// Unit i of the plan as an access unit, without its bytes.
func (p *plan) unit(i int) *shouwang.AccessUnit {
	it, first := &p.items[i], &p.items[0]
	s := &p.segments[it.segment]
	return &shouwang.AccessUnit{
		Camera: s.Camera, Stream: s.Stream, Seq: uint64(i), Key: it.Key, Params: p.params[it.desc],
		DTS: it.at, PTS: it.at + it.PTS - it.DTS - (first.PTS - first.DTS),
		Wall: shouwang.WallStamp{At: s.WallOf(it.Sample), Offset: s.Offset, Uncertainty: s.Uncertainty, Source: s.Source},
	}
}
