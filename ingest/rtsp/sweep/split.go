package sweep

import (
	"bytes"
	"strconv"
)

// Where a splitter stands in the stream of bytes.
const (
	between = iota // two messages
	letter         // behind a message's first letter, kept in first
	opening        // in a message's first line
	line           // at the beginning of a line of its head
	key            // in what stands before a line's colon
	value          // behind it
	ending         // behind a line's carriage return
	last           // behind the carriage return of the empty line
	body           // in a message's body, left bytes of it
	frame          // in an interleaved frame, gathered in part
	refused        // behind what the library refuses: it is to see the rest
)

// frameHead is the length of what stands before an interleaved frame's payload:
// '$', the channel, and the payload's length in two bytes (RFC 2326, 10.12).
const frameHead = 4

// splitter parts a connection's bytes into interleaved frames and all the rest.
// It reads as gortsplib does: what begins with the first two letters of a method
// or of "RTSP" is a message, with a head up to an empty line and a body as long
// as its one Content-Length says; what is neither is dropped byte by byte.
type splitter struct {
	// frame is given each whole frame, its head included; it must not keep it.
	frame func([]byte)
	// rest is given everything else, in order; it must not keep it.
	rest func([]byte)

	state  int
	first  byte
	spaces int    // in the first line
	name   []byte // beginning of the key in hand
	number []byte // beginning of the value in hand
	length []byte // of the body, as written
	given  int    // how often it was
	left   int
	part   []byte // a frame of which more is to come
}

const (
	// longField is how much of a key or a value is kept: enough to know
	// Content-Length and a number by.
	longField = 24
	// maxBody is the longest body that the library reads, in bytes.
	maxBody = 128 << 10
	// keepPart is the largest buffer for parts of frames that is kept.
	keepPart = 4 << 10
)

// feed takes the next bytes.
func (s *splitter) feed(b []byte) {
	for len(b) > 0 {
		switch s.state {
		case between:
			b = s.begin(b)
		case letter:
			b = s.second(b)
		case frame:
			b = s.more(b)
		case body:
			b = s.inBody(b)
		case refused:
			s.rest(b)
			return
		default:
			b = s.inHead(b)
		}
	}
}

func (s *splitter) begin(b []byte) []byte {
	switch {
	case b[0] == '$':
		if n := frameLength(b); n > 0 && n <= len(b) {
			s.frame(b[:n])
			return b[n:]
		}
		s.state, s.part = frame, s.part[:0]
		return s.more(b)
	case b[0] >= 'A' && b[0] <= 'Z':
		s.state, s.first = letter, b[0]
	}
	return b[1:]
}

// frameLength returns the length of the frame that b begins, 0 when too little
// of it is there.
func frameLength(b []byte) int {
	if len(b) < frameHead {
		return 0
	}
	return frameHead + int(b[2])<<8 + int(b[3])
}

// more adds to a frame that came in parts.
func (s *splitter) more(b []byte) []byte {
	want := frameLength(s.part)
	if want == 0 {
		want = frameHead
	}
	n := min(want-len(s.part), len(b))
	s.part = append(s.part, b[:n]...)
	if want = frameLength(s.part); want > 0 && len(s.part) == want {
		s.frame(s.part)
		s.state = between
		if cap(s.part) > keepPart {
			s.part = nil
		}
	}
	return b[n:]
}

// second decides by two letters whether a message begins.
func (s *splitter) second(b []byte) []byte {
	switch pair := [2]byte{s.first, b[0]}; string(pair[:]) {
	case "RT", "AN", "DE", "GE", "OP", "PA", "PL", "RE", "SE", "TE":
		s.state, s.spaces, s.given = opening, 0, 0
		s.rest(pair[:])
		return b[1:]
	}
	s.state = between // the second letter may begin something
	return b
}

func (s *splitter) inBody(b []byte) []byte {
	n := min(s.left, len(b))
	s.rest(b[:n])
	if s.left -= n; s.left == 0 {
		s.state = between
	}
	return b[n:]
}

// inHead takes a head's bytes up to its end.
func (s *splitter) inHead(b []byte) []byte {
	n := 0
	for n < len(b) && s.state >= opening && s.state <= last {
		s.headByte(b[n])
		n++
	}
	s.rest(b[:n])
	return b[n:]
}

func (s *splitter) headByte(c byte) {
	switch s.state {
	case opening: // three words, the last of them up to the end of the line
		if c == ' ' {
			s.spaces++
		} else if c == '\r' && s.spaces >= 2 {
			s.state = ending
		}
	case line:
		s.name, s.number = append(s.name[:0], c), s.number[:0]
		if s.state = key; c == '\r' {
			s.state = last
		}
	case key:
		if c == ':' {
			s.state = value
		} else if len(s.name) < longField {
			s.name = append(s.name, c)
		}
	case value:
		s.valueByte(c)
	case ending, last:
		if c != '\n' {
			s.state = refused
		} else if s.state == last {
			s.endHead()
		} else {
			s.state = line
		}
	}
}

func (s *splitter) valueByte(c byte) {
	switch {
	case c == '\r':
		s.state = ending
		if bytes.EqualFold(s.name, contentLength) {
			s.length, s.given = append(s.length[:0], s.number...), s.given+1
		}
	case c == ' ' && len(s.number) == 0:
	case len(s.number) < longField:
		s.number = append(s.number, c)
	}
}

var contentLength = []byte("Content-Length")

// endHead begins the body. The library refuses a length that is none or too
// much, and reads no body where there are two.
func (s *splitter) endHead() {
	s.state, s.left = between, 0
	if s.given != 1 {
		return
	}
	n, err := strconv.ParseUint(string(s.length), 10, 64)
	if err != nil || n > maxBody {
		s.state = refused
	} else if n > 0 {
		s.state, s.left = body, int(n)
	}
}
