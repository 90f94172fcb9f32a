package assemble

import "sync"

// scratch is where the picture in hand is put together: one of a few buffers
// that all streams share, as a picture is in hand for a moment only. Whoever
// keeps a picture copies it to where it is to stay.
type scratch struct{ from *[]byte }

var scratches = sync.Pool{New: func() any { b := make([]byte, 0, leastScratch); return &b }}

const (
	leastScratch = 16 << 10
	mostScratch  = 1 << 20 // larger ones are not kept for the next picture
)

// begin returns an empty buffer.
func (s *scratch) begin() []byte {
	if s.from == nil {
		s.from = scratches.Get().(*[]byte)
	}
	return (*s.from)[:0]
}

// extend returns buf, which begin or extend gave, with room for n more bytes.
func (s *scratch) extend(buf []byte, n int) []byte {
	want := len(buf) + n
	if want <= cap(buf) {
		return buf
	}
	*s.from = append(make([]byte, 0, max(want, 2*cap(buf))), buf...)
	return *s.from
}

// done gives the buffer back; nothing may look at it any more.
func (s *scratch) done() {
	if s.from == nil {
		return
	}
	if cap(*s.from) <= mostScratch {
		scratches.Put(s.from)
	}
	s.from = nil
}
