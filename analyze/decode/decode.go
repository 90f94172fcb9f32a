// Package decode turns access units into pictures with libavcodec. Only the
// analyzer process links it. A Decoder runs on one thread, serves one camera's
// chain of pictures or any number of cameras' key frames, and never lets more
// than its limit of pixels be allocated.
package decode

/*
#cgo pkg-config: libavcodec libavutil
#cgo CFLAGS: -O2 -Wall
#include "decoder.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"shouwang"
)

// Picture is one decoded picture. Its planes are libavcodec's memory: they
// are read only and valid until the next call on the Decoder.
type Picture struct {
	Y, U, V          []byte // U and V are nil for a grey picture
	StrideY, StrideC int    // bytes; V's stride is U's
	Width, Height    int
	// ChromaW and ChromaH are how often the chroma planes are halved.
	ChromaW, ChromaH int
	FullRange        bool
	// Damaged says that the decoder filled in what it could not read.
	Damaged bool
	Key     bool
	// Tag is what the access unit was pushed with that became this picture.
	Tag int64
}

// Options choose how a Decoder works.
type Options struct {
	Codec shouwang.Codec
	// SkipLoopFilter saves a tenth to a fifth of a key frame's cost. It must
	// not be set for chains: the error would drift.
	SkipLoopFilter bool
	// MaxPixels bounds one picture; 0 means 36 million.
	MaxPixels int
}

// Decoder is one libavcodec decoder. It is not safe for concurrent use.
type Decoder struct {
	c     *C.sw_decoder
	raw   C.sw_picture
	pic   Picture
	errs  C.int // here and not on the stack, where they would be allocated
	nanos C.int64_t
}

// New opens a decoder; Close must be called. The error is CodeBadCodec for
// a codec other than H.264 and H.265.
func New(o Options) (*Decoder, error) {
	if o.Codec != shouwang.CodecH264 && o.Codec != shouwang.CodecH265 {
		return nil, shouwang.Errorf(shouwang.CodeBadCodec, "codec %v cannot be decoded: set the camera to H.264 or H.265", o.Codec)
	}
	if o.MaxPixels <= 0 {
		o.MaxPixels = 36_000_000
	}
	c := C.sw_open(flag(o.Codec == shouwang.CodecH265), flag(o.SkipLoopFilter), C.int64_t(o.MaxPixels))
	if c == nil {
		return nil, errors.New("open decoder: libavcodec has none for this codec or no memory")
	}
	return &Decoder{c: c}, nil
}

// Close frees the decoder and every Picture it gave.
func (d *Decoder) Close() {
	C.sw_close(d.c)
	d.c = nil
}

// Cost is what one call used.
type Cost struct {
	CPU time.Duration // of this thread
	// Errors counts the decoder's complaints. They are normal on a lossy link.
	Errors int
}

// Decode hands in one access unit in Annex B form and returns the first
// picture that comes out, or nil. params, also Annex B, go before it: they are
// needed before the first key frame and after each change. More pictures may
// wait: call Next until it returns nil.
func (d *Decoder) Decode(params, unit []byte, tag int64) (*Picture, Cost) {
	return d.decode(params, unit, tag, 0)
}

// DecodeAlone decodes a key frame of any camera by itself, forgetting what was
// before and leaving nothing behind.
func (d *Decoder) DecodeAlone(params, unit []byte, tag int64) (*Picture, Cost) {
	return d.decode(params, unit, tag, 1)
}

func (d *Decoder) decode(params, unit []byte, tag int64, alone C.int) (*Picture, Cost) {
	if len(unit) == 0 {
		return nil, Cost{Errors: 1}
	}
	got := C.sw_decode(d.c, (*C.uint8_t)(unsafe.SliceData(params)), C.int(len(params)),
		(*C.uint8_t)(unsafe.SliceData(unit)), C.int(len(unit)), C.int64_t(tag), alone, &d.raw, &d.errs, &d.nanos)
	cost := Cost{CPU: time.Duration(d.nanos), Errors: int(d.errs)}
	if got != C.SW_PICTURE {
		return nil, cost
	}
	return d.picture(), cost
}

// Next returns a further picture of the units handed in so far, or nil.
func (d *Decoder) Next() *Picture {
	if C.sw_next(d.c, &d.raw) != C.SW_PICTURE {
		return nil
	}
	return d.picture()
}

// Drain makes the decoder hand out, through Next, what it holds back for
// reordering. Flush must follow before it decodes again.
func (d *Decoder) Drain() { C.sw_drain(d.c) }

// Flush forgets every reference picture: the next unit must be a key frame.
func (d *Decoder) Flush() { C.sw_flush(d.c) }

func (d *Decoder) picture() *Picture {
	r, p := &d.raw, &d.pic
	*p = Picture{
		StrideY: int(r.stride[0]), StrideC: int(r.stride[1]), Width: int(r.width), Height: int(r.height),
		ChromaW: int(r.chroma_w), ChromaH: int(r.chroma_h), FullRange: r.full_range != 0,
		Damaged: r.damaged != 0, Key: r.key != 0, Tag: int64(r.tag),
	}
	p.Y = plane(r.plane[0], p.StrideY, p.Width, p.Height)
	if r.plane[1] != nil && p.ChromaW >= 0 {
		w, h := (p.Width+(1<<p.ChromaW)-1)>>p.ChromaW, (p.Height+(1<<p.ChromaH)-1)>>p.ChromaH
		p.U = plane(r.plane[1], p.StrideC, w, h)
		p.V = plane(r.plane[2], int(r.stride[2]), w, h)
	}
	return p
}

// plane makes a slice that ends with the last sample: the bytes after it are
// not ours.
func plane(at *C.uint8_t, stride, width, height int) []byte {
	return unsafe.Slice((*byte)(at), stride*(height-1)+width)
}

// Thrift has closed decoders' memory given back at once for as long as the
// process lives. It belongs at its start.
func Thrift() { C.sw_thrift() }

// Trim gives memory that closed decoders left with the allocator back to the
// kernel: chains come and go, and what they leave behind is scattered.
func Trim() { C.sw_trim() }

// Version names the libavcodec linked.
func Version() string {
	v := uint(C.sw_version())
	return fmt.Sprintf("libavcodec %d.%d.%d", v>>16, v>>8&255, v&255)
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
