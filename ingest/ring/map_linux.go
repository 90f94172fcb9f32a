package ring

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapped appends a region of new chunks, of memory that the collector does not
// know; of the heap where the kernel gives none.
func mapped(to []*chunk) []*chunk {
	b, err := unix.Mmap(-1, 0, region*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return append(to, new(chunk))
	}
	// Huge pages would bring in memory that no stream uses yet, and would have
	// to be split to give any back.
	_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE)
	for i := len(b) - size; i >= 0; i -= size { // taken from the end: lowest first
		to = append(to, (*chunk)(b[i:i+size]))
	}
	return to
}

// giveBack has the kernel take a chunk's pages, if they are no other chunk's:
// where pages are larger than chunks it would take neighbours along.
func giveBack(c *chunk) bool {
	return size%os.Getpagesize() == 0 && unix.Madvise(c[:], unix.MADV_DONTNEED) == nil
}
