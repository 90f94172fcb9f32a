// Package mp4 writes the two forms of MP4 that storage needs: the fragmented
// one a segment is recorded in, and the plain one, with an index in front, that
// any span over segments is served as.
//
// It writes ISO/IEC 14496-12 boxes itself, some three hundred lines: the plain
// form needs several sample entries and an index over bytes that lie in other
// files, and the recorder appends a fragment a second for each camera without
// copying its samples.
package mp4

import (
	"encoding/binary"
	"time"
)

// boxes builds nested boxes in memory.
type boxes struct{ b []byte }

// box appends a box of the type given, with what f writes as its body.
func (w *boxes) box(kind string, f func()) {
	start := len(w.b)
	w.u32(0)
	w.b = append(w.b, kind...)
	f()
	binary.BigEndian.PutUint32(w.b[start:], uint32(len(w.b)-start))
}

// full appends a full box: version and flags before the body.
func (w *boxes) full(kind string, version byte, flags uint32, f func()) {
	w.box(kind, func() {
		w.u32(uint32(version)<<24 | flags)
		f()
	})
}

func (w *boxes) u8(v uint8)   { w.b = append(w.b, v) }
func (w *boxes) u16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *boxes) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *boxes) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *boxes) str(s string) { w.b = append(w.b, s...) }
func (w *boxes) raw(p []byte) { w.b = append(w.b, p...) }
func (w *boxes) zeros(n int)  { w.b = append(w.b, make([]byte, n)...) }
func (w *boxes) matrix() {
	for _, v := range []uint32{0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000} {
		w.u32(v)
	}
}

// macEpoch is where MP4's dates begin: 1904-01-01 UTC (ISO/IEC 14496-12
// section 8.2.2).
var macEpoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)

func macTime(t time.Time) uint64 { return uint64(max(0, t.Sub(macEpoch)/time.Second)) }

// ntpTime is the 64-bit form of RFC 5905 section 6, as prft carries it.
func ntpTime(t time.Time) uint64 {
	const offset = 2208988800 // 1900 to 1970
	sec := uint64(t.Unix() + offset)
	return sec<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}

// eachBox calls f with every box of data, one level deep, until one is damaged.
// It returns how many bytes were whole boxes.
func eachBox(data []byte, f func(kind string, body []byte, at int) bool) int {
	at := 0
	for at+8 <= len(data) {
		n := int(binary.BigEndian.Uint32(data[at:]))
		if n < 8 || n > len(data)-at {
			break
		}
		if !f(string(data[at+4:at+8]), data[at+8:at+n], at) {
			break
		}
		at += n
	}
	return at
}
