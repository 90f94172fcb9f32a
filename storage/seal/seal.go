// Package seal is the form of a segment at rest: a clear header, then chunks
// of at most 64 KiB of plain text, each encrypted and authenticated on its
// own, so that any range can be read without the rest and a file that is still
// being written can be recovered up to its last whole chunk.
//
// The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online
// Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): a
// nonce is a prefix, a counter and a flag that only the last chunk carries.
// Truncation, reordering, repetition, and a swap of chunks between segments
// all fail to authenticate:
//
//	key    = HKDF-SHA256(data key, salt, "shouwang seal 1" + SHA-256(header))
//	nonce  = prefix (7 bytes of HKDF) | chunk index (4 bytes) | final (1 byte)
//	aad    = SHA-256(header) | chunk index (8 bytes) | length word (4 bytes)
//	frame  = length word | ciphertext | tag (16 bytes)
//	file   = header | frame… | final frame | its length (4 bytes) | chunks (4 bytes) | "SWE1"
//
// The length word's top bit marks the final frame, whose plain text is the
// table of the lengths of all chunks before it: that is how a reader seeks.
// Chunks are not all of one size, because a flush, once a second, ends the
// chunk in hand: sealing its beginning first and the whole again later would
// use one nonce twice.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
)

const (
	// ChunkSize is the most plain text a chunk holds, in bytes.
	ChunkSize = 64 << 10
	// KeySize is the size of a data key in bytes.
	KeySize = 32

	maxChunks  = 1 << 16
	maxTable   = 4 * maxChunks
	tagLen     = 16
	wordLen    = 4
	finalBit   = 1 << 31
	trailerLen = 12
	trailer    = "SWE1"
)

// box seals and opens the chunks of one file.
type box struct {
	aead   cipher.AEAD
	prefix [7]byte
	hash   [32]byte
	aad    [44]byte
	nonce  [12]byte
}

func newBox(h *Header, raw, key []byte) (*box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("open box: key has %d bytes, not %d", len(key), KeySize)
	}
	hash := hashHeader(raw)
	material, err := hkdf.Key(sha256.New, key, h.Salt[:], "shouwang seal 1"+string(hash[:]), KeySize+7)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(material[:KeySize])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher mode: %w", err)
	}
	b := &box{aead: aead, hash: hash}
	copy(b.prefix[:], material[KeySize:])
	return b, nil
}

// bind sets nonce and associated data for the chunk. The box is not safe for
// concurrent use.
func (b *box) bind(index int, word uint32) {
	copy(b.nonce[:], b.prefix[:])
	binary.BigEndian.PutUint32(b.nonce[7:], uint32(index))
	b.nonce[11] = byte(word >> 31)
	copy(b.aad[:], b.hash[:])
	binary.BigEndian.PutUint64(b.aad[32:], uint64(index))
	binary.BigEndian.PutUint32(b.aad[40:], word)
}

// seal appends the frame of a chunk to dst.
func (b *box) seal(dst, plain []byte, index int, final bool) []byte {
	word := uint32(len(plain))
	if final {
		word |= finalBit
	}
	b.bind(index, word)
	dst = binary.BigEndian.AppendUint32(dst, word)
	return b.aead.Seal(dst, b.nonce[:], plain, b.aad[:])
}

// open returns the plain text of a frame's body, in place.
func (b *box) open(body []byte, index int, word uint32) ([]byte, error) {
	b.bind(index, word)
	return b.aead.Open(body[:0], b.nonce[:], body, b.aad[:])
}

// Writer seals a segment as it comes. It is not safe for concurrent use.
type Writer struct {
	w       io.Writer
	box     *box
	pending []byte
	frame   []byte
	lengths []int
	plain   int64
	sealed  int64
	err     error
}

// NewWriter writes the header to w and returns a writer of its body. key is
// the data key, KeySize bytes; h.Salt must be fresh from a random source.
func NewWriter(w io.Writer, h Header, key []byte) (*Writer, error) {
	raw, err := h.marshal()
	if err != nil {
		return nil, err
	}
	b, err := newBox(&h, raw, key)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw); err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	return &Writer{w: w, box: b, sealed: int64(len(raw))}, nil
}

// Write takes plain text; whole chunks are sealed and written at once, the
// rest waits for more or for Flush. After an error every call returns it.
func (w *Writer) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 && w.err == nil {
		n := min(len(p), ChunkSize-len(w.pending))
		w.pending, p = append(w.pending, p[:n]...), p[n:]
		if len(w.pending) == ChunkSize {
			w.err = w.Flush()
		}
	}
	return total - len(p), w.err
}

// Flush seals what is pending into a chunk of its own and writes it. What was
// flushed can be recovered from a file that was never closed.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.pending) == 0 {
		return w.err
	}
	if len(w.lengths) >= maxChunks {
		w.err = fmt.Errorf("seal chunk: segment has more than %d", maxChunks)
		return w.err
	}
	w.frame = w.box.seal(w.frame[:0], w.pending, len(w.lengths), false)
	w.lengths = append(w.lengths, len(w.pending))
	w.plain += int64(len(w.pending))
	w.pending = w.pending[:0]
	return w.put(w.frame)
}

// Close flushes and writes the final frame. It does not close what is beneath.
func (w *Writer) Close() error {
	if err := w.Flush(); err != nil {
		return err
	}
	w.frame = w.box.seal(w.frame[:0], table(w.lengths), len(w.lengths), true)
	n := len(w.frame)
	return w.put(appendTrailer(w.frame, n, len(w.lengths)))
}

func (w *Writer) put(frame []byte) error {
	n, err := w.w.Write(frame)
	w.sealed += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write chunk: %w", err)
	}
	return w.err
}

// Plain returns the bytes of plain text written, pending ones included.
func (w *Writer) Plain() int64 { return w.plain + int64(len(w.pending)) }

// Sealed returns the bytes written beneath so far.
func (w *Writer) Sealed() int64 { return w.sealed }

// appendTrailer adds what lets a reader find the final frame. It is not
// authenticated: a false one leads to a frame that does not open.
func appendTrailer(dst []byte, frame, chunks int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(frame))
	dst = binary.BigEndian.AppendUint32(dst, uint32(chunks))
	return append(dst, trailer...)
}

func table(lengths []int) []byte {
	out := make([]byte, 0, 4+3*len(lengths))
	for _, n := range lengths {
		out = binary.AppendUvarint(out, uint64(n))
	}
	return out
}
