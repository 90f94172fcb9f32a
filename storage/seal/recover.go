package seal

import (
	"encoding/binary"
	"fmt"
	"io"
)

// File is what Recover needs of a spool file: *os.File has it.
type File interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
}

// Recover makes a segment whole that its writer left open: it keeps the chunks
// that authenticate, from the first without a break, cuts what follows, and
// writes the final frame. It returns the sealed size afterwards; a segment
// that was whole is left as it is. The caller syncs the file.
//
// It is safe to repeat after a crash: the same chunks give the same final
// frame, and another number of chunks gives another nonce.
func Recover(f File, size int64, key []byte) (int64, error) {
	h, raw, err := ReadHeader(f)
	if err != nil {
		return 0, err
	}
	if _, err := Open(f, size, key); err == nil {
		return size, nil
	}
	b, err := newBox(&h, raw, key)
	if err != nil {
		return 0, err
	}
	lengths, end := scan(f, b, int64(len(raw)), size)
	if err := f.Truncate(end); err != nil {
		return 0, fmt.Errorf("cut segment %s: %w", h.Segment, err)
	}
	frame := b.seal(nil, table(lengths), len(lengths), true)
	frame = appendTrailer(frame, len(frame), len(lengths))
	if _, err := f.WriteAt(frame, end); err != nil {
		return 0, fmt.Errorf("finish segment %s: %w", h.Segment, err)
	}
	return end + int64(len(frame)), nil
}

// scan walks the frames from at and returns the lengths of those that
// authenticate and where the last of them ends.
func scan(src io.ReaderAt, b *box, at, size int64) ([]int, int64) {
	var lengths []int
	var word [wordLen]byte
	buf := make([]byte, ChunkSize+tagLen)
	for len(lengths) < maxChunks {
		if _, err := readFull(src, word[:], at); err != nil {
			return lengths, at
		}
		n := int64(binary.BigEndian.Uint32(word[:]))
		if n == 0 || n > ChunkSize || at+wordLen+n+tagLen > size {
			return lengths, at
		}
		body := buf[:n+tagLen]
		if _, err := readFull(src, body, at+wordLen); err != nil {
			return lengths, at
		}
		if _, err := b.open(body, len(lengths), uint32(n)); err != nil {
			return lengths, at
		}
		lengths, at = append(lengths, int(n)), at+wordLen+n+tagLen
	}
	return lengths, at
}
