package scene

import (
	"testing"

	"shouwang"
)

// BenchmarkHome is the comparison with where the scene has its edges, which a
// camera that is looked at by key frames pays at each of them.
func BenchmarkHome(b *testing.B) {
	m := New(Config{})
	m.Observe(noise(640, 360, 1), 640, 640, 360, 0, true)
	m.home.known = true
	n := 0
	for b.Loop() {
		m.home.look(m, shouwang.MediaTime(n)*shouwang.MediaRate)
		n++
	}
}
