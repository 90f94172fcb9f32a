package scene

import (
	"reflect"
	"testing"

	"shouwang"
)

// TestSharedMemoryChangesNothing: cameras of several sizes take turns in one
// scratch and see what each alone sees.
func TestSharedMemoryChangesNothing(t *testing.T) {
	var shared Scratch
	type camera struct {
		w, h        int
		alone, with *Model
	}
	var cameras []camera
	for _, size := range [][2]int{{640, 360}, {320, 180}, {1280, 720}, {352, 288}} {
		cameras = append(cameras, camera{size[0], size[1], New(Config{}), NewIn(Config{}, &shared)})
	}
	found := 0
	for n := range 60 {
		for i, c := range cameras {
			luma := noise(c.w, c.h, uint64(i+1))
			for y := c.h / 4; n > 20 && y < c.h/2; y++ { // a thing goes its way
				for x := range c.w / 8 {
					luma[y*c.w+(n*c.w/80+x)%c.w] = 250
				}
			}
			at := shouwang.MediaTime(n) * shouwang.MediaRate / 5
			a := c.alone.Observe(luma, c.w, c.w, c.h, at, n%10 == 0)
			b := c.with.Observe(luma, c.w, c.w, c.h, at, n%10 == 0)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("picture %d of %dx%d: alone %+v, sharing %+v", n, c.w, c.h, a, b)
			}
			x, _ := c.alone.Mask(nil)
			y, _ := c.with.Mask(nil)
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("picture %d of %dx%d: masks differ", n, c.w, c.h)
			}
			found += len(a.Regions)
		}
	}
	if found < 100 {
		t.Errorf("only %d regions were seen", found)
	}
}

func TestSharedMemoryIsNotMadeAgain(t *testing.T) {
	var shared Scratch
	a, b := NewIn(Config{}, &shared), NewIn(Config{}, &shared)
	p, q := noise(640, 360, 1), noise(320, 180, 2)
	n := 0
	look := func() {
		at := shouwang.MediaTime(n) * shouwang.MediaRate / 10
		a.Observe(p, 640, 640, 360, at, false)
		b.Observe(q, 320, 320, 180, at, false)
		n++
	}
	look()
	if got := testing.AllocsPerRun(50, look); got != 0 {
		t.Errorf("%v allocations a picture", got)
	}
}
