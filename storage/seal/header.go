package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"shouwang"
)

// Suite names the ciphers of a sealed file.
type Suite byte

// The suites. SM4 is named so that its number is never used for another; it is
// not built yet and refused.
const (
	SuiteAES256GCM Suite = 1
	SuiteSM4GCM    Suite = 2
)

const (
	magic      = "SWSEAL"
	version    = 1
	fixedLen   = len(magic) + 1 + 1 + 2
	maxHeader  = 2048
	saltLen    = 16
	maxField   = 255
	maxWrapped = 1024
)

// ErrNotSealed says that the bytes are no sealed segment of a known version.
var ErrNotSealed = errors.New("not a sealed segment")

// Header is what a sealed segment says about itself in the clear. Every byte
// of it is authenticated by every chunk.
type Header struct {
	Suite   Suite
	Camera  string
	Segment string
	// KeyID and Wrapped are the data key under the key it was made with. A hold
	// re-wraps the key in the catalog; this one then stays unreadable.
	KeyID   string
	Wrapped []byte
	Salt    [saltLen]byte
}

// marshal returns magic, version, suite, length (two bytes, of the whole
// header), then camera, segment and key id behind a one-byte length, the
// wrapped key behind a two-byte length, and the salt.
func (h *Header) marshal() ([]byte, error) {
	if len(h.Camera) > maxField || len(h.Segment) > maxField || len(h.KeyID) > maxField || len(h.Wrapped) > maxWrapped {
		return nil, errors.New("marshal header: a field is too long")
	}
	out := append([]byte(magic), version, byte(h.Suite), 0, 0)
	for _, field := range []string{h.Camera, h.Segment, h.KeyID} {
		out = append(out, byte(len(field)))
		out = append(out, field...)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(len(h.Wrapped)))
	out = append(out, h.Wrapped...)
	out = append(out, h.Salt[:]...)
	binary.BigEndian.PutUint16(out[fixedLen-2:], uint16(len(out)))
	return out, nil
}

// ReadHeader reads the header at the start of r and returns it with its bytes
// as they stand. Anything that is not one gives ErrNotSealed.
func ReadHeader(r io.ReaderAt) (Header, []byte, error) {
	raw := make([]byte, fixedLen)
	if _, err := readFull(r, raw, 0); err != nil {
		return Header{}, nil, notSealed(err)
	}
	n := int(binary.BigEndian.Uint16(raw[fixedLen-2:]))
	if string(raw[:len(magic)]) != magic || raw[len(magic)] != version || n < fixedLen || n > maxHeader {
		return Header{}, nil, ErrNotSealed
	}
	raw = make([]byte, n)
	if _, err := readFull(r, raw, 0); err != nil {
		return Header{}, nil, notSealed(err)
	}
	h, err := parseHeader(raw)
	return h, raw, err
}

func notSealed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrNotSealed
	}
	return fmt.Errorf("read header: %w", err)
}

func parseHeader(raw []byte) (Header, error) {
	h := Header{Suite: Suite(raw[len(magic)+1])}
	rest := raw[fixedLen:]
	for _, field := range []*string{&h.Camera, &h.Segment, &h.KeyID} {
		if len(rest) < 1 || len(rest) < 1+int(rest[0]) {
			return Header{}, ErrNotSealed
		}
		n := int(rest[0])
		*field, rest = string(rest[1:1+n]), rest[1+n:]
	}
	if len(rest) < 2 {
		return Header{}, ErrNotSealed
	}
	n := int(binary.BigEndian.Uint16(rest))
	rest = rest[2:]
	if n > maxWrapped || len(rest) != n+saltLen {
		return Header{}, ErrNotSealed
	}
	h.Wrapped = bytes.Clone(rest[:n])
	copy(h.Salt[:], rest[n:])
	if h.Suite != SuiteAES256GCM {
		return Header{}, shouwang.Errorf(shouwang.CodeDataUnreadable, "segment %s uses cipher suite %d, which this build does not have", h.Segment, h.Suite)
	}
	return h, nil
}

func hashHeader(raw []byte) [32]byte { return sha256.Sum256(raw) }

// readFull fills p from offset off or says why not.
func readFull(r io.ReaderAt, p []byte, off int64) (int, error) {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
