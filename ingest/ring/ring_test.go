package ring

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
)

// fresh gives a test a pool of its own.
func fresh(t *testing.T) *pool {
	t.Helper()
	was := shared
	shared = &pool{back: giveBack}
	t.Cleanup(func() { shared = was })
	return shared
}

// noise holds no zero.
var noise = func() []byte {
	b := make([]byte, 1<<20+7)
	for i := range b {
		b[i] = byte(rand.Uint32()) | 1
	}
	return b
}()

func fill(rnd *rand.Rand, n int) []byte {
	out := make([]byte, n)
	b := out
	for at := rnd.IntN(len(noise)); len(b) > 0; at = 0 {
		b = b[copy(b, noise[at:]):]
	}
	return out
}

// TestRingAgainstASlice does what histories do, at random, and compares.
func TestRingAgainstASlice(t *testing.T) {
	p := fresh(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	var r Ring
	var want []byte // from position base on
	base := int64(0)
	for i := range 2000 {
		switch rnd.IntN(8) {
		case 0:
			to := base + int64(rnd.IntN(len(want)+10)) - 5
			r.DropTo(to)
			if n := min(max(0, to-base), int64(len(want))); n > 0 {
				want, base = want[n:], base+n
			}
		case 1:
			if rnd.IntN(20) == 0 {
				r.Clear()
				base, want = base+int64(len(want)), nil
			}
		default:
			b := fill(rnd, rnd.IntN(3*size/2))
			if at := r.Append(b); at != base+int64(len(want)) {
				t.Fatalf("step %d: at %d, want %d", i, at, base+int64(len(want)))
			}
			want = append(want, b...)
		}
		if r.Len() != int64(len(want)) {
			t.Fatalf("step %d: %d bytes, want %d", i, r.Len(), len(want))
		}
		if wasted := int64(p.used)*size - r.Len(); wasted >= 2*size {
			t.Fatalf("step %d: %d bytes more than held", i, wasted)
		}
		from, n := rnd.IntN(len(want)+1), 0
		if rest := len(want) - from; rest > 0 {
			n = rnd.IntN(rest + 1)
		}
		got := make([]byte, n)
		if !r.Copy(got, base+int64(from)) || !bytes.Equal(got, want[from:from+n]) {
			t.Fatalf("step %d: %d bytes at %d differ", i, n, from)
		}
		if r.Copy(make([]byte, 1), base-1) || r.Copy(make([]byte, len(want)+1), base) {
			t.Fatalf("step %d: what is not held was read", i)
		}
	}
}

// TestWhatIsLetGoOfIsZeroed: before it goes to another stream.
func TestWhatIsLetGoOfIsZeroed(t *testing.T) {
	for name, back := range map[string]func(*chunk) bool{"kept": func(*chunk) bool { return false }, "given back": giveBack} {
		t.Run(name, func(t *testing.T) {
			p := fresh(t)
			p.back = back
			rnd := rand.New(rand.NewPCG(1, 1))
			var r Ring
			for range 2 * region {
				r.Append(fill(rnd, size))
			}
			held := append([]*chunk(nil), r.chunks...)
			r.DropTo(region * size)
			r.Clear()
			for i, c := range held {
				if *c != (chunk{}) {
					t.Fatalf("chunk %d still holds something", i)
				}
			}
			if p.used != 0 || len(p.free)+len(p.cold) < 2*region {
				t.Errorf("%d in use, %d free and %d cold of %d", p.used, len(p.free), len(p.cold), 2*region)
			}
		})
	}
}

// TestMemoryGoesBack: after many cameras are gone little stays at hand.
func TestMemoryGoesBack(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getpagesize() > size {
		t.Skip("this system cannot take memory of this size back")
	}
	p := fresh(t)
	rings := make([]Ring, 40)
	b := make([]byte, 1<<20)
	for i := range rings {
		rings[i].Append(b)
	}
	for i := range rings[1:] {
		rings[i+1].Clear()
	}
	if used, free := p.used*size, len(p.free)*size; used > 2<<20 || free > 4<<20 {
		t.Errorf("%d bytes in use and %d at hand after all but one went", used, free)
	}
	for i := range rings[1:] { // and again, out of what was given back
		at := rings[i+1].Append([]byte{1, 2, 3})
		got := make([]byte, 3)
		if !rings[i+1].Copy(got, at) || got[2] != 3 {
			t.Fatal("what was given back cannot be used again")
		}
	}
}

func TestAppendingAllocatesNothing(t *testing.T) {
	var r Ring
	defer r.Clear()
	b := make([]byte, 6400)
	step := func() { r.DropTo(r.Append(b) - 1<<20) }
	for range 1000 {
		step()
	}
	if a := testing.AllocsPerRun(1000, step); a != 0 {
		t.Errorf("%v allocations", a)
	}
}
