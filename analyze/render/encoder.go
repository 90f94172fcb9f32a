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

	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
)

// canvas is a 4:2:0 picture that may be drawn on.
type canvas struct {
	y, u, v          []byte
	strideY, strideC int
	width, height    int // even
}

// encoder is one libx264 with the picture that it encodes next.
type encoder struct {
	c             *C.sw_encoder
	width, height int
	fullRange     bool
	canvas        canvas

	raw      C.sw_canvas
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
	full := C.int(0)
	if s.fullRange {
		full = 1
	}
	c := C.sw_encoder_open(C.int(s.width), C.int(s.height), C.int(s.gop), C.int64_t(s.bitrate), full)
	if c == nil {
		return nil, errors.New("open encoder: libavcodec has no libx264 or it refuses the picture's size")
	}
	return &encoder{c: c, width: s.width, height: s.height, fullRange: s.fullRange}, nil
}

func (e *encoder) close() { C.sw_encoder_close(e.c) }

// load copies a decoded picture, scaled, to the canvas and returns that.
func (e *encoder) load(p *decode.Picture) (*canvas, error) {
	err := C.sw_encoder_load(e.c, octets(p.Y), octets(p.U), octets(p.V), C.int(p.StrideY), C.int(p.StrideC),
		C.int(p.Width), C.int(p.Height), C.int(p.ChromaW), C.int(p.ChromaH), &e.raw)
	if err < 0 {
		return nil, fmt.Errorf("scale picture: libswscale error %d", int(err))
	}
	r := &e.raw
	e.canvas = canvas{width: e.width, height: e.height, strideY: int(r.stride[0]), strideC: int(r.stride[1])}
	e.canvas.y = unsafe.Slice((*byte)(r.plane[0]), e.canvas.strideY*(e.height-1)+e.width)
	e.canvas.u = unsafe.Slice((*byte)(r.plane[1]), e.canvas.strideC*(e.height/2-1)+e.width/2)
	e.canvas.v = unsafe.Slice((*byte)(r.plane[2]), int(r.stride[2])*(e.height/2-1)+e.width/2)
	return &e.canvas, nil
}

func octets(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }

// packet is what the encoder gave: NAL units behind their lengths, parameter
// sets apart. It is valid until the next call.
type packet struct {
	key            bool
	tag            int64
	data, sps, pps []byte
}

// encode encodes the canvas under the time stamp tag, which must grow.
func (e *encoder) encode(tag int64, forceKey bool) (*packet, error) {
	force := C.int(0)
	if forceKey {
		force = 1
	}
	return e.packet(C.sw_encoder_encode(e.c, C.int64_t(tag), force, &e.data, &e.size, &e.key, &e.tag))
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
