package scene

/*
#cgo CFLAGS: -O3 -Wall
#cgo noescape scene_reduce_scalar
#cgo nocallback scene_reduce_scalar
#cgo noescape scene_reduce_avx2
#cgo nocallback scene_reduce_avx2
#cgo noescape scene_sum_scalar
#cgo nocallback scene_sum_scalar
#cgo noescape scene_sum_avx2
#cgo nocallback scene_sum_avx2
#cgo noescape scene_classify_scalar
#cgo nocallback scene_classify_scalar
#cgo noescape scene_classify_avx2
#cgo nocallback scene_classify_avx2
#cgo noescape scene_clean_scalar
#cgo nocallback scene_clean_scalar
#cgo noescape scene_clean_avx2
#cgo nocallback scene_clean_avx2
#cgo noescape scene_update_scalar
#cgo nocallback scene_update_scalar
#cgo noescape scene_update_avx2
#cgo nocallback scene_update_avx2
#cgo noescape scene_pulse_scalar
#cgo nocallback scene_pulse_scalar
#cgo noescape scene_pulse_avx2
#cgo nocallback scene_pulse_avx2
#cgo noescape scene_widest_scalar
#cgo nocallback scene_widest_scalar
#cgo noescape scene_widest_avx2
#cgo nocallback scene_widest_avx2
#include "kernel.h"
*/
import "C"

import "unsafe"

// Variant names the code that runs the per-cell passes: "avx2" where the
// processor has it, else "scalar". Both give the same bits.
func Variant() string {
	if fast {
		return "avx2"
	}
	return "scalar"
}

var fast = C.scene_has_avx2() == 1

func levels(s []int16) *C.int16_t  { return (*C.int16_t)(unsafe.SliceData(s)) }
func octets(s []uint8) *C.uint8_t  { return (*C.uint8_t)(unsafe.SliceData(s)) }
func words(s []uint16) *C.uint16_t { return (*C.uint16_t)(unsafe.SliceData(s)) }

// reduce writes the mean level of every cell x cell block of the picture.
func reduce(simd bool, luma []byte, stride, cell, cols, rows int, acc []uint16, out []int16) {
	p, st, c, w, h := octets(luma), C.ptrdiff_t(stride), C.int(cell), C.int(cols), C.int(rows)
	if simd {
		C.scene_reduce_avx2(p, st, c, w, h, words(acc), levels(out))
		return
	}
	C.scene_reduce_scalar(p, st, c, w, h, words(acc), levels(out))
}

// sums adds up levels, squared levels and steps between neighbours.
func sums(simd bool, cur []int16, cols, rows int) (sum, squares, steps int64) {
	var s C.scene_sums
	if simd {
		C.scene_sum_avx2(levels(cur), C.int(cols), C.int(rows), &s)
	} else {
		C.scene_sum_scalar(levels(cur), C.int(cols), C.int(rows), &s)
	}
	return int64(s.sum), int64(s.sum2), int64(s.grad)
}

// threshold is how far a level may stray from what is expected.
type threshold struct {
	lut   *[256]int16 // correction by luma, or nil
	shift int         // correction of every level where lut is nil
	floor int         // the least threshold, 1/128 luma
	gain  int         // threshold per learned deviation: 16 is once the deviation
}

// classify writes what is expected of every cell and whether it is hot (bit 0)
// or strongly so (bit 1), and returns how many are hot.
func classify(simd bool, cur, bg []int16, dev []uint8, t *threshold, expect []int16, hot []uint8) int {
	var s C.scene_sums
	var lut *C.int16_t
	if t.lut != nil {
		lut = (*C.int16_t)(&t.lut[0])
	}
	n, sh, fl, g := C.int(len(cur)), C.int(t.shift), C.int(t.floor), C.int(t.gain)
	if simd {
		C.scene_classify_avx2(levels(cur), levels(bg), lut, sh, octets(dev), fl, g, n, levels(expect), octets(hot), &s)
	} else {
		C.scene_classify_scalar(levels(cur), levels(bg), lut, sh, octets(dev), fl, g, n, levels(expect), octets(hot), &s)
	}
	return int(s.hot)
}

// clean drops hot cells that stand alone.
func clean(simd bool, hot []uint8, cols, rows, need int, out []uint8) {
	if simd {
		C.scene_clean_avx2(octets(hot), C.int(cols), C.int(rows), C.int(need), octets(out))
		return
	}
	C.scene_clean_scalar(octets(hot), C.int(cols), C.int(rows), C.int(need), octets(out))
}

// learn is how one picture changes the model; see scene_learn.
type learn struct {
	alpha, held    int // share of a difference learned, 1/65536: elsewhere, in regions
	tick           bool
	up, down       int // steps of the deviation, 1/8 luma
	still          int
	absorb, revert int // ticks
}

func (l *learn) c() C.scene_learn {
	tick := C.int32_t(0)
	if l.tick {
		tick = 1
	}
	return C.scene_learn{
		alpha: C.int32_t(l.alpha), held: C.int32_t(l.held), tick: tick, up: C.int32_t(l.up), down: C.int32_t(l.down),
		still: C.int32_t(l.still), absorb: C.int32_t(l.absorb), revert: C.int32_t(l.revert),
	}
}

func update(simd bool, m *Model, hold, hot []uint8, l *learn) {
	cl := l.c()
	n := C.int(len(m.cur))
	if simd {
		C.scene_update_avx2(levels(m.cur), levels(m.expect), octets(hold), octets(hot), n, &cl,
			levels(m.bg), levels(m.old), levels(m.ref), octets(m.dev), octets(m.still))
		return
	}
	C.scene_update_scalar(levels(m.cur), levels(m.expect), octets(hold), octets(hot), n, &cl,
		levels(m.bg), levels(m.old), levels(m.ref), octets(m.dev), octets(m.still))
}

// pulse learns how far key frames differ from one another.
func pulse(simd bool, cur []int16, up, down int, kref []int16, kdev []uint8) {
	if simd {
		C.scene_pulse_avx2(levels(cur), C.int(len(cur)), C.int(up), C.int(down), levels(kref), octets(kdev))
		return
	}
	C.scene_pulse_scalar(levels(cur), C.int(len(cur)), C.int(up), C.int(down), levels(kref), octets(kdev))
}

// widest takes the larger of two deviations.
func widest(simd bool, dev, kdev, wide []uint8) {
	if simd {
		C.scene_widest_avx2(octets(dev), octets(kdev), C.int(len(dev)), octets(wide))
		return
	}
	C.scene_widest_scalar(octets(dev), octets(kdev), C.int(len(dev)), octets(wide))
}
