package ring

// Ring is a queue of bytes. The zero value is ready. It is for one goroutine at
// a time.
type Ring struct {
	chunks []*chunk // the queue; the oldest first
	base   int64    // position of the first chunk's first byte
	begin  int64    // of the oldest byte held
	end    int64    // behind the newest
}

// Append copies b to the end and returns the position of its first byte.
func (r *Ring) Append(b []byte) (at int64) {
	at = r.end
	for len(b) > 0 {
		off := r.end - r.base
		if off == int64(len(r.chunks))*size {
			r.chunks = append(r.chunks, shared.get())
		}
		n := copy(r.chunks[off/size][off%size:], b)
		b, r.end = b[n:], r.end+int64(n)
	}
	return at
}

// Copy fills dst with the bytes from a position on; false, and dst as it was,
// when not all of them are held.
func (r *Ring) Copy(dst []byte, at int64) bool {
	if at < r.begin || at+int64(len(dst)) > r.end {
		return false
	}
	for len(dst) > 0 {
		off := at - r.base
		n := copy(dst, r.chunks[off/size][off%size:])
		dst, at = dst[n:], at+int64(n)
	}
	return true
}

// DropTo lets go of all bytes before a position.
func (r *Ring) DropTo(at int64) {
	at = min(max(at, r.begin), r.end)
	n := int((at - r.base) / size)
	for _, c := range r.chunks[:n] {
		shared.put(c)
	}
	m := copy(r.chunks, r.chunks[n:])
	clear(r.chunks[m:])
	r.chunks, r.base, r.begin = r.chunks[:m], r.base+int64(n)*size, at
}

// Clear lets go of everything: when it returns, no byte of it is in memory.
func (r *Ring) Clear() {
	for _, c := range r.chunks {
		shared.put(c)
	}
	r.chunks, r.base, r.begin = nil, r.end, r.end
}

// Len is the number of bytes held.
func (r *Ring) Len() int64 { return r.end - r.begin }
