package sweep

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/conn"
)

// heard is what a reader made of bytes: frames, and the messages between them.
type heard struct {
	frames   [][]byte
	messages []string
}

// split feeds a splitter with pieces of the bytes.
func split(b []byte, cut func(left int) int) (h heard, rest []byte) {
	var s splitter
	s.frame = func(f []byte) { h.frames = append(h.frames, bytes.Clone(f)) }
	s.rest = func(r []byte) { rest = append(rest, r...) }
	for len(b) > 0 {
		n := cut(len(b))
		s.feed(b[:n])
		b = b[n:]
	}
	return h, rest
}

type reader struct{ io.Reader }

func (reader) Write(p []byte) (int, error) { return len(p), nil }

// library reads bytes as gortsplib does; failed says that it gave up before
// their end.
func library(b []byte) (h heard, failed bool) {
	in := bytes.NewReader(b)
	c := conn.NewConn(reader{in})
	for {
		what, err := c.Read()
		if err != nil {
			return h, err != io.EOF //nolint:errorlint // the library's own at a boundary
		}
		switch what := what.(type) {
		case *base.InterleavedFrame:
			f, _ := what.Marshal()
			h.frames = append(h.frames, f)
		case *base.Response:
			h.messages = append(h.messages, fmt.Sprint(what.StatusCode, what.Header, len(what.Body)))
		case *base.Request:
			h.messages = append(h.messages, fmt.Sprint(what.Method, what.Header, len(what.Body)))
		}
	}
}

const someBytes = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\n$RTSP" +
	"$\x00\x00\x03abc" + "$\x01\x00\x00" + "xx$\x02\x00\x01z" +
	"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\ncontent-length:  2\r\n\r\nRT" + "\r\n\r\nRR" +
	"RTSP/1.0 454 No\r\nCSeq: 2\r\n\r\n" + "$\x00\x00\x02ok"

// check compares the two readers: the same frames, and the same messages where
// the library reads what the splitter left for it.
func check(t *testing.T, b []byte, cut func(int) int) {
	t.Helper()
	want, failed := library(b)
	got, rest := split(b, cut)
	if failed { // then the session ends, and only what came before counts
		got.frames = got.frames[:min(len(got.frames), len(want.frames))]
	}
	if fmt.Sprintf("%x", got.frames) != fmt.Sprintf("%x", want.frames) {
		t.Fatalf("frames %x, the library reads %x, of %q", got.frames, want.frames, b)
	}
	if left, _ := library(rest); !failed && fmt.Sprint(left.messages) != fmt.Sprint(want.messages) {
		t.Fatalf("messages %v, the library reads %v, of %q", left.messages, want.messages, b)
	}
}

func TestSplittingIsTheLibrarys(t *testing.T) {
	got, _ := split([]byte(someBytes), func(n int) int { return n })
	if len(got.frames) != 4 {
		t.Fatalf("%d frames", len(got.frames))
	}
	for size := 1; size <= len(someBytes); size++ {
		check(t, []byte(someBytes), func(left int) int { return min(size, left) })
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := []byte(someBytes)
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = "$RT\r\n:5 \x00\xff"[r.IntN(10)]
		}
		check(t, b, func(left int) int { return 1 + r.IntN(left) })
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(someBytes), byte(3))
	f.Add([]byte("RTSP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n$\x00\x00\x01a"), byte(200))
	f.Fuzz(func(t *testing.T, b []byte, size byte) {
		check(t, b, func(left int) int { return min(left, int(size)+1) })
	})
}
