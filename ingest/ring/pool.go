package ring

import "sync"

// size of a chunk in bytes: a stream wastes one at most, as its oldest chunk and
// its newest are each partly used. A multiple of the kernel's pages.
const size = 16 << 10

// region is how many chunks are asked of the kernel at once.
const region = 256

type chunk [size]byte

// pool gives chunks to all rings of the process.
type pool struct {
	mu sync.Mutex
	// free are zeroed and in memory, cold given back to the kernel, which zeroes
	// them when they are touched again.
	free, cold []*chunk
	used       int
	back       func(*chunk) bool // gives a chunk's memory back; false: it cannot
}

var shared = &pool{back: giveBack}

// get returns a zeroed chunk.
func (p *pool) get() *chunk {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 && len(p.cold) == 0 {
		p.cold = mapped(p.cold)
	}
	p.used++
	from := &p.free
	if len(*from) == 0 {
		from = &p.cold
	}
	last := len(*from) - 1
	c := (*from)[last]
	*from = (*from)[:last]
	return c
}

// put takes a chunk back, zeroed. A sixteenth more than is in use stays at hand;
// the rest is the kernel's.
func (p *pool) put(c *chunk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used--
	if len(p.free) >= region/4+p.used/16 && p.back(c) {
		p.cold = append(p.cold, c)
		return
	}
	clear(c[:])
	p.free = append(p.free, c)
}
