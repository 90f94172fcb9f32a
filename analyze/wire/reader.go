package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Reader cuts a stream into messages. It keeps one buffer that grows to the
// largest message seen and allocates nothing more.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int
}

// NewReader returns a Reader with a first buffer of 64 KiB.
func NewReader(r io.Reader) *Reader { return &Reader{r: r, buf: make([]byte, 64<<10)} }

// Buffered reports whether at least a part of the next message is here.
func (r *Reader) Buffered() bool { return r.end > r.start }

// Next returns the next message. Its body is valid until the next call. The
// error is io.EOF at a clean end, io.ErrUnexpectedEOF within a message, or one
// of this package's errors, after which the stream is of no more use.
func (r *Reader) Next() (Kind, []byte, error) {
	if err := r.fill(headerSize); err != nil {
		return 0, nil, err
	}
	head := r.buf[r.start : r.start+headerSize]
	if head[4] != Version {
		return 0, nil, fmt.Errorf("read message: %w (%d, not %d)", ErrVersion, head[4], Version)
	}
	size, kind := binary.LittleEndian.Uint32(head), Kind(head[5])
	if size > MaxBody {
		return 0, nil, fmt.Errorf("read message %d: %w", kind, ErrTooLarge)
	}
	if err := r.fill(headerSize + int(size)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	body := r.buf[r.start+headerSize : r.start+headerSize+int(size)]
	r.start += headerSize + int(size)
	return kind, body, nil
}

// fill reads until n bytes are buffered.
func (r *Reader) fill(n int) error {
	if r.end-r.start >= n {
		return nil
	}
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.start, r.end = 0, r.end-r.start
	}
	if n > len(r.buf) {
		// The peer's claim is believed up to MaxBody, which is affordable.
		grown := make([]byte, max(n, min(2*len(r.buf), MaxBody+headerSize)))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	for r.end < n {
		m, err := r.r.Read(r.buf[r.end:])
		r.end += m
		if r.end >= n {
			return nil
		}
		if err == io.EOF && r.end > 0 {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}
