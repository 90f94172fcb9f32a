package assemble

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
)

// piecemeal puts a picture together as packets bring it.
func piecemeal(m *memory, size, packet int, fill byte) []byte {
	buf := m.begin()
	for len(buf) < size {
		n := min(packet, size-len(buf))
		buf = m.extend(buf, n)
		for range n {
			buf = append(buf, fill)
		}
	}
	return m.keep(buf)
}

func TestPicturesKeepTheirBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var m memory
	var kept [][]byte
	for i := range 3000 {
		size := 1 + r.IntN(3000)
		switch r.IntN(30) {
		case 0:
			size *= 40
		case 1: // half a picture that is given up
			buf := m.extend(m.begin(), size)
			_ = append(buf, bytes.Repeat([]byte{0xee}, size)...)
		}
		kept = append(kept, piecemeal(&m, size, 1+r.IntN(1400), byte(i)))
		if k := kept[i]; len(k) != size || cap(k) != size {
			t.Fatalf("picture %d: %d bytes with room for %d, want %d", i, len(k), cap(k), size)
		}
	}
	for i, k := range kept {
		if bytes.Count(k, []byte{byte(i)}) != len(k) {
			t.Fatalf("picture %d was written over", i)
		}
	}
}

// TestMemoryIsNeitherManyPiecesNorMuch: a camera of 512 kbit/s with a key
// frame every two seconds, and one that changes to larger pictures.
func TestMemoryIsNeitherManyPiecesNorMuch(t *testing.T) {
	for name, size := range map[string]func(i int) int{
		"key frames": func(i int) int {
			if i%20 == 0 {
				return 30_000
			}
			return 4800 + i*7919%900
		},
		"larger from now on": func(i int) int { return 600 + 9000*min(1, i/200) },
		"all alike":          func(int) int { return 18_000 },
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			total := 0
			const n = 4000
			kept := make([][]byte, 0, n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for i := range n {
				kept = append(kept, piecemeal(&m, size(i), 1400, 1))
				total += size(i)
			}
			runtime.ReadMemStats(&after)
			runtime.KeepAlive(kept)
			pieces, took := float64(after.Mallocs-before.Mallocs)/n, float64(after.TotalAlloc-before.TotalAlloc)/float64(total)
			t.Logf("%.2f allocations a picture, %.2f of its bytes", pieces, took)
			if pieces > .35 || took > 1.3 {
				t.Errorf("%.2f allocations a picture, %.2f of its bytes", pieces, took)
			}
		})
	}
}
