package shouwang

import (
	"bytes"
	"time"
)

// Codec is the compression of a video stream.
type Codec uint8

// The two codecs that cameras speak. Everything else is refused at SETUP.
const (
	CodecUnknown Codec = iota
	CodecH264
	CodecH265
)

func (c Codec) String() string {
	switch c {
	case CodecH264:
		return "h264"
	case CodecH265:
		return "h265"
	}
	return "unknown"
}

// Params are the parameter sets in force for a run of access units, without
// start codes. They are immutable: a stream that changes them mid-way makes a
// new Params, so pointer inequality plus Equal tells a real change.
type Params struct {
	Codec         Codec
	VPS           []byte // H.265 only
	SPS, PPS      []byte
	Width, Height int // cropped picture size in pixels
}

// Equal reports whether both describe the same decoder configuration.
func (p *Params) Equal(q *Params) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p == q || p.Codec == q.Codec && bytes.Equal(p.SPS, q.SPS) &&
		bytes.Equal(p.PPS, q.PPS) && bytes.Equal(p.VPS, q.VPS)
}

// AccessUnit is one encoded picture on its way through the house: the carrier
// between ingest and every reader.
//
// It is immutable once ingest handed it on: readers share it and its Data.
type AccessUnit struct {
	Camera CameraID
	Stream StreamKind
	// Epoch counts the sessions of this stream since start. PTS and DTS are
	// comparable only within one epoch.
	Epoch uint32
	// Seq counts access units within the epoch from 0 without a hole; Lost is
	// how many pictures are known to be missing right before this one.
	Seq  uint64
	Lost int
	// PTS and DTS are media time, unwrapped, from the epoch's first unit.
	PTS, DTS MediaTime
	// Wall is when the picture was taken, as far as is known.
	Wall WallStamp
	// Received is our clock when the last byte arrived.
	Received time.Time
	// Key says that a decoder can start here (IDR, CRA, BLA).
	Key bool
	// Params are the parameter sets in force; never nil.
	Params *Params
	// Data holds the NAL units, each behind its length as four bytes, big
	// endian (the form of ISO/IEC 14496-15). Parameter sets and access unit
	// delimiters are not in it: see Params.
	//
	// It is nil where a reader asked ingest to keep the bytes until they are
	// wanted; Length then says how many there are.
	Data   []byte
	Length int `json:"-"`
}

// Size returns the number of bytes of the unit, whether they are in Data or were
// left with ingest.
func (u *AccessUnit) Size() int { return max(len(u.Data), u.Length) }

// Whole reports whether the bytes are there.
func (u *AccessUnit) Whole() bool { return len(u.Data) == u.Size() }

// Overrun is the error that a bounded reader of access units returns once,
// in place of the units it had no room for; the next read goes on at a key
// frame. A recorder turns it into a gap; it is never swallowed.
type Overrun struct {
	Units int
	Bytes int64
	Span  Span // capture time of what was lost
}

func (o *Overrun) Error() string { return "reader overran: access units were dropped" }
