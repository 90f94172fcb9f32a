package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Version is the language's version. Both binaries are built together, so a
// difference is an installation fault and is refused.
const Version = 5

// Kind says what a message's body is.
type Kind uint8

// The kinds of message. Those below 16 go to the analyzer, the others come
// from it.
const (
	KindOpen   Kind = 1 // Open, JSON
	KindClose  Kind = 2 // handle
	KindUnit   Kind = 3 // Unit
	KindRender Kind = 4 // Render, JSON
	KindFlush  Kind = 5 // handle: hand out what the renderer still holds
	KindPing   Kind = 6 // empty; answered by KindStats
	KindAsk    Kind = 7 // Ask; answered by KindFound, if there is a classifier
	KindMark   Kind = 8 // Remark, JSON

	KindHello   Kind = 16 // Hello, JSON
	KindObs     Kind = 17 // observation records, one after the other
	KindPicture Kind = 18 // Picture
	KindStats   Kind = 19 // Stats, JSON
	KindLog     Kind = 20 // Log, JSON
	KindFault   Kind = 21 // Fault, JSON
	KindFound   Kind = 22 // Found records, one after the other
	KindView    Kind = 23 // View
	KindMask    Kind = 24 // Mask
)

// Bounds of what either side will read.
const (
	headerSize = 8
	// MaxUnit is the largest access unit carried, in bytes. A key frame of
	// a 4K camera at 20 Mbit/s stays below 3 MiB.
	MaxUnit = 8 << 20
	// MaxJSON bounds the body of a JSON message.
	MaxJSON = 64 << 10
	// MaxBody bounds any body.
	MaxBody = MaxUnit + 64<<10
	// MaxParams bounds each parameter set.
	MaxParams = 4 << 10
	// MaxRegions bounds the regions of one observation.
	MaxRegions = 256
)

// Errors of reading. Each means that the peer cannot be trusted any further.
var (
	ErrVersion  = errors.New("peer speaks another version: build both binaries together")
	ErrTooLarge = errors.New("message exceeds its bound")
	ErrShort    = errors.New("message is shorter than it says")
	ErrField    = errors.New("message field out of range")
)

// AppendHeader appends the header of a message with a body of n bytes.
func AppendHeader(dst []byte, kind Kind, n int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	return append(dst, Version, byte(kind), 0, 0)
}

// AppendHandle appends a whole message that names one handle: KindClose or
// KindFlush.
func AppendHandle(dst []byte, kind Kind, handle uint32) []byte {
	dst = AppendHeader(dst, kind, 4)
	return binary.LittleEndian.AppendUint32(dst, handle)
}

// ParseHandle reads the body of KindClose or KindFlush.
func ParseHandle(body []byte) (uint32, error) {
	if len(body) != 4 {
		return 0, ErrShort
	}
	return binary.LittleEndian.Uint32(body), nil
}

// AppendJSON appends a whole message with v as its JSON body, at most MaxJSON.
func AppendJSON(dst []byte, kind Kind, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return dst, fmt.Errorf("encode message %d: %w", kind, err)
	}
	if len(body) > MaxJSON {
		return dst, fmt.Errorf("encode message %d: %w", kind, ErrTooLarge)
	}
	return append(AppendHeader(dst, kind, len(body)), body...), nil
}

// ParseJSON reads a JSON body into v.
func ParseJSON(body []byte, v any) error {
	if len(body) > MaxJSON {
		return ErrTooLarge
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("decode message: %w", err)
	}
	return nil
}
