package assemble

import "sync"

// memory is where pictures are put together and stay: several in one piece, one
// behind the other, so that a picture is neither allocated nor copied by itself.
// A picture much larger than usual is put together elsewhere and gets a piece of
// exactly its size.
//
// Pieces are the collector's: one goes when the last of its pictures does. As
// pictures are dropped in the order they came, that is soon.
type memory struct {
	free  []byte  // of the piece in use: length 0
	usual int     // bytes of a picture, smoothed
	large *[]byte // where the picture in hand is put together; nil when in free
}

// larges are where large pictures are put together, for all streams.
var larges = sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}

const (
	perPiece  = 8 // pictures that share a piece
	leastPart = 256
	mostPiece = 128 << 10
	mostLarge = 1 << 20 // larger ones are not kept for the next picture
)

// begin returns where to put the next picture together.
func (m *memory) begin() []byte {
	m.done(nil)
	return m.free
}

// extend returns buf, which begin or extend gave, with room for n more bytes.
func (m *memory) extend(buf []byte, n int) []byte {
	want := len(buf) + n
	if want <= cap(buf) {
		return buf
	}
	if m.large != nil {
		return append(make([]byte, 0, max(want, 2*cap(buf))), buf...)
	}
	if cap(m.free) <= max(leastPart, m.usual) { // the piece is used up
		m.free = make([]byte, 0, min(mostPiece, perPiece*max(leastPart, m.usual)))
		if want <= cap(m.free) {
			return append(m.free, buf...)
		}
	}
	m.large = larges.Get().(*[]byte)
	buf = append((*m.large)[:0], buf...)
	return m.extend(buf, n)
}

// done gives back where a large picture was put together, which may have moved.
func (m *memory) done(buf []byte) {
	if m.large == nil {
		return
	}
	if cap(buf) > cap(*m.large) {
		*m.large = buf
	}
	if cap(*m.large) <= mostLarge {
		larges.Put(m.large)
	}
	m.large = nil
}

// keep makes a picture of what was put together in buf. The picture has no room
// to grow into its neighbour.
func (m *memory) keep(buf []byte) []byte {
	n := len(buf)
	if m.large == nil {
		m.free = m.free[n:n:cap(m.free)]
		m.usual += (n - m.usual) / 8
		return buf[:n:n]
	}
	m.usual += (min(n, 4*max(leastPart, m.usual)) - m.usual) / 32 // it may become usual
	out := append(make([]byte, 0, n), buf...)
	m.done(buf)
	return out
}
