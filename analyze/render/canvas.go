package render

/*
#include "encoder.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"shouwang/analyze/decode"
)

// canvas is a 4:2:0 picture that may be drawn on, in memory of C's.
type canvas struct {
	c                *C.sw_canvas
	y, u, v          []byte
	strideY, strideC int
	width, height    int // even
	fullRange        bool
	raw              C.sw_planes
}

func newCanvas(width, height int, fullRange bool) (*canvas, error) {
	c := C.sw_canvas_open(C.int(width), C.int(height), flag(fullRange))
	if c == nil {
		return nil, errors.New("open canvas: no memory for the picture")
	}
	return &canvas{c: c, width: width, height: height, fullRange: fullRange}, nil
}

func (c *canvas) close() {
	if c != nil {
		C.sw_canvas_close(c.c)
	}
}

// like reports whether the canvas has that form.
func (c *canvas) like(width, height int, fullRange bool) bool {
	return c != nil && c.width == width && c.height == height && c.fullRange == fullRange
}

// load copies a decoded picture, scaled, to the canvas.
func (c *canvas) load(p *decode.Picture) error {
	err := C.sw_canvas_load(c.c, octets(p.Y), octets(p.U), octets(p.V), C.int(p.StrideY), C.int(p.StrideC),
		C.int(p.Width), C.int(p.Height), C.int(p.ChromaW), C.int(p.ChromaH), &c.raw)
	if err < 0 {
		return fmt.Errorf("scale picture: libswscale error %d", int(err))
	}
	c.refer()
	return nil
}

// copyOf makes the canvas equal to another of its form.
func (c *canvas) copyOf(from *canvas) error {
	if err := C.sw_canvas_copy(c.c, from.c, &c.raw); err < 0 {
		return fmt.Errorf("copy picture: libavutil error %d", int(err))
	}
	c.refer()
	return nil
}

// refer points the planes at C's memory, which may have moved.
func (c *canvas) refer() {
	r := &c.raw
	c.strideY, c.strideC = int(r.stride[0]), int(r.stride[1])
	c.y = unsafe.Slice((*byte)(r.plane[0]), c.strideY*(c.height-1)+c.width)
	c.u = unsafe.Slice((*byte)(r.plane[1]), c.strideC*(c.height/2-1)+c.width/2)
	c.v = unsafe.Slice((*byte)(r.plane[2]), int(r.stride[2])*(c.height/2-1)+c.width/2)
}

func octets(b []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(b)) }
