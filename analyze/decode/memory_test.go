package decode

import (
	"fmt"
	"os"
	"testing"

	"shouwang"
)

// resident returns this process's resident memory in bytes.
func resident(t testing.TB) int64 {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(raw), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestClosedDecodersGiveTheirMemoryBack: chains come and go, and what sixty of
// them left behind is the kernel's again when ten remain, wherever those lie.
func TestClosedDecodersGiveTheirMemoryBack(t *testing.T) {
	Thrift()
	units := street(t, shouwang.CodecH264)
	chains := make([]*Decoder, 60)
	begin := resident(t)
	for i := range chains {
		chains[i] = open(t, Options{Codec: shouwang.CodecH264})
		for _, u := range units[:min(4, len(units))] {
			params, unit := annexB(t, u)
			chains[i].Decode(params, unit, 1)
		}
	}
	full := resident(t) - begin
	for i, d := range chains {
		if i%6 != 0 {
			d.Close()
		}
	}
	closed := resident(t) - begin
	Trim()
	left := resident(t) - begin
	t.Logf("60 chains %d MB, 10 of them %d MB, given back %d MB", full>>20, closed>>20, left>>20)
	if closed > full/2 {
		t.Errorf("of %d bytes that sixty chains took %d are kept when ten remain, until somebody asks", full, closed)
	}
	if left > full/3 {
		t.Errorf("of %d bytes that sixty chains took %d are left where ten remain", full, left)
	}
}
