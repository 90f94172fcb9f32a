package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"

	"shouwang"
)

// Reader reads the plain text of a sealed segment at any offset. It fetches
// only the chunks it needs, in one range per call. It is safe for concurrent
// use.
type Reader struct {
	Header Header

	src   io.ReaderAt
	plain []int64 // where each chunk's plain text begins, then the end
	at    []int64 // where each chunk's frame begins, then the end

	mu      sync.Mutex
	box     *box
	cache   []byte // plain text, from cacheAt on
	cacheAt int64
}

// window is how much is fetched and opened at once, in sealed bytes, at least
// one chunk: what makes sequential reading from a distant bucket bearable.
const window = 256 << 10

// Open reads header and table of a sealed segment of size bytes. A segment
// that is not whole, was changed, or was sealed under another key gives an
// Error with CodeTampered; ErrNotSealed what never was one.
func Open(src io.ReaderAt, size int64, key []byte) (*Reader, error) {
	h, raw, err := ReadHeader(src)
	if err != nil {
		return nil, err
	}
	b, err := newBox(&h, raw, key)
	if err != nil {
		return nil, err
	}
	r := &Reader{Header: h, src: src, box: b}
	lengths, end, err := r.readTable(size)
	if err != nil {
		return nil, err
	}
	r.index(int64(len(raw)), lengths)
	if r.at[len(lengths)] != end {
		return nil, tampered(&h, "its table does not fit its size")
	}
	return r, nil
}

func tampered(h *Header, what string) error {
	return shouwang.Errorf(shouwang.CodeTampered, "segment %s of camera %s was changed or cut short: %s", h.Segment, h.Camera, what)
}

// readTable finds the final frame from the file's end; it returns the chunk
// lengths and where the final frame begins.
func (r *Reader) readTable(size int64) ([]int, int64, error) {
	var tail [trailerLen]byte
	if size < int64(len(tail)) {
		return nil, 0, tampered(&r.Header, "it has no end")
	}
	if _, err := readFull(r.src, tail[:], size-trailerLen); err != nil {
		return nil, 0, fmt.Errorf("read end of segment %s: %w", r.Header.Segment, err)
	}
	n := int64(binary.BigEndian.Uint32(tail[:]))
	start := size - trailerLen - n
	if string(tail[8:]) != trailer || n < wordLen+tagLen || n > wordLen+tagLen+maxTable || start < 0 {
		return nil, 0, tampered(&r.Header, "it has no end")
	}
	frame := make([]byte, n)
	if _, err := readFull(r.src, frame, start); err != nil {
		return nil, 0, fmt.Errorf("read table of segment %s: %w", r.Header.Segment, err)
	}
	lengths, err := r.openTable(frame, int(binary.BigEndian.Uint32(tail[4:])))
	return lengths, start, err
}

// openTable authenticates a final frame: the number of chunks is part of its
// nonce, so a table can not be moved to another place.
func (r *Reader) openTable(frame []byte, count int) ([]int, error) {
	word := binary.BigEndian.Uint32(frame)
	if word&finalBit == 0 || int(word&^finalBit)+wordLen+tagLen != len(frame) || count > maxChunks {
		return nil, tampered(&r.Header, "its end is damaged")
	}
	plain, err := r.box.open(frame[wordLen:], count, word)
	if err != nil {
		return nil, tampered(&r.Header, "its end does not authenticate")
	}
	lengths, err := parseTable(plain, count)
	if err != nil {
		return nil, tampered(&r.Header, err.Error())
	}
	return lengths, nil
}

func parseTable(plain []byte, count int) ([]int, error) {
	lengths := make([]int, 0, count)
	for len(plain) > 0 {
		n, used := binary.Uvarint(plain)
		if used <= 0 || n == 0 || n > ChunkSize {
			return nil, errors.New("its table is damaged")
		}
		lengths, plain = append(lengths, int(n)), plain[used:]
	}
	if len(lengths) != count {
		return nil, errors.New("its table has the wrong length")
	}
	return lengths, nil
}

// index lays out where chunks begin, in plain and sealed bytes.
func (r *Reader) index(start int64, lengths []int) {
	r.plain = make([]int64, len(lengths)+1)
	r.at = make([]int64, len(lengths)+1)
	r.at[0] = start
	for i, n := range lengths {
		r.plain[i+1] = r.plain[i] + int64(n)
		r.at[i+1] = r.at[i] + int64(wordLen+n+tagLen)
	}
}

// Size returns the bytes of plain text.
func (r *Reader) Size() int64 { return r.plain[len(r.plain)-1] }

// ReadAt implements io.ReaderAt over the plain text. A chunk that does not
// authenticate gives an Error with CodeTampered.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read segment: negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	done := 0
	for done < len(p) && off < r.Size() {
		n, err := r.readSome(p[done:], off)
		if err != nil {
			return done, err
		}
		done, off = done+n, off+int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// readSome copies at least one byte at off, which is within the segment.
func (r *Reader) readSome(p []byte, off int64) (int, error) {
	if off < r.cacheAt || off >= r.cacheAt+int64(len(r.cache)) {
		if err := r.fetch(off); err != nil {
			return 0, err
		}
	}
	return copy(p, r.cache[off-r.cacheAt:]), nil
}

// fetch opens the chunk that holds off and those after it that fit the window.
// A damaged chunk after the first ends the window: it is an error only when it
// is asked for.
func (r *Reader) fetch(off int64) error {
	first := sort.Search(len(r.plain), func(i int) bool { return r.plain[i] > off }) - 1
	last := first + 1
	for last < len(r.plain)-1 && r.at[last+1]-r.at[first] <= window {
		last++
	}
	sealed := make([]byte, r.at[last]-r.at[first])
	if _, err := readFull(r.src, sealed, r.at[first]); err != nil {
		return fmt.Errorf("read segment %s: %w", r.Header.Segment, err)
	}
	r.cache, r.cacheAt = r.cache[:0], r.plain[first]
	for i := first; i < last; i++ {
		plain, err := r.openChunk(sealed[r.at[i]-r.at[first]:r.at[i+1]-r.at[first]], i)
		if err != nil && i == first {
			return err
		}
		if err != nil {
			break
		}
		r.cache = append(r.cache, plain...)
	}
	return nil
}

func (r *Reader) openChunk(frame []byte, i int) ([]byte, error) {
	word := binary.BigEndian.Uint32(frame)
	if int64(word) != r.plain[i+1]-r.plain[i] {
		return nil, tampered(&r.Header, fmt.Sprintf("chunk %d has another length than the table says", i))
	}
	plain, err := r.box.open(frame[wordLen:], i, word)
	if err != nil {
		return nil, tampered(&r.Header, fmt.Sprintf("chunk %d does not authenticate", i))
	}
	return plain, nil
}
