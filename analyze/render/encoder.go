package render

/*
#cgo pkg-config: libavcodec libavutil libswscale
#cgo CFLAGS: -O2 -Wall
#include "encoder.h"
*/
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unsafe"

	"shouwang/analyze/decode/nal"
)

// encoder is one libx264.
type encoder struct {
	c        *C.sw_encoder
	data     *C.uint8_t
	size     C.int
	key      C.int
	tag      C.int64_t
	out      []byte
	sps, pps []byte
}

// settings are what an encoder is opened with.
type settings struct {
	width, height int // even
	gop, bitrate  int
	fullRange     bool
}

func newEncoder(s settings) (*encoder, error) {
	c := C.sw_encoder_open(C.int(s.width), C.int(s.height), C.int(s.gop), C.int64_t(s.bitrate), flag(s.fullRange))
	if c == nil {
		return nil, errors.New("open encoder: libavcodec has no libx264 or it refuses the picture's size")
	}
	return &encoder{c: c}, nil
}

func flag(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

func (e *encoder) close() { C.sw_encoder_close(e.c) }

// packet is what the encoder gave: NAL units behind their lengths, parameter
// sets apart. It is valid until the next call.
type packet struct {
	key            bool
	tag            int64
	data, sps, pps []byte
}

// encode encodes the canvas under the time stamp tag, which must grow.
func (e *encoder) encode(c *canvas, tag int64, forceKey bool) (*packet, error) {
	return e.packet(C.sw_encoder_encode(e.c, c.c, C.int64_t(tag), flag(forceKey), &e.data, &e.size, &e.key, &e.tag))
}

// flush returns what the encoder held back, or nil.
func (e *encoder) flush() (*packet, error) {
	return e.packet(C.sw_encoder_flush(e.c, &e.data, &e.size, &e.key, &e.tag))
}

func (e *encoder) packet(got C.int) (*packet, error) {
	if got < 0 {
		return nil, fmt.Errorf("encode picture: libavcodec error %d", int(got))
	}
	if got == 0 {
		return nil, nil
	}
	e.out = e.out[:0]
	nal.Split(unsafe.Slice((*byte)(e.data), int(e.size)), func(u []byte) {
		switch u[0] & 31 {
		case 7:
			e.sps = append(e.sps[:0], u...)
		case 8:
			e.pps = append(e.pps[:0], u...)
		case 1, 5:
			e.out = append(binary.BigEndian.AppendUint32(e.out, uint32(len(u))), u...)
		}
	})
	p := &packet{key: e.key != 0, tag: int64(e.tag), data: e.out}
	if p.key {
		p.sps, p.pps = e.sps, e.pps
	}
	return p, nil
}
