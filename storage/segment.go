package storage

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"shouwang"
)

// SegmentID names a segment for its whole life. It sorts by the time the
// segment begins and is safe in a path.
type SegmentID string

// NewSegmentID makes the id of a segment that begins at the time given.
func NewSegmentID(from time.Time) SegmentID {
	var random [5]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never fails (Go 1.24)
	stamp := strings.Replace(from.UTC().Format("20060102t150405.000"), ".", "", 1)
	return SegmentID(stamp + "-" + hex.EncodeToString(random[:]))
}

// Valid reports whether the id has the form NewSegmentID gives.
func (id SegmentID) Valid() bool {
	return len(id) == 29 && ValidName(string(id)) && !strings.Contains(string(id), "/")
}

// SegmentState is where a segment's bytes are.
type SegmentState string

// The states of a segment's row, in the order of its life. A row in the first
// two exists only for an object that is whole and durable.
const (
	// SegmentSpooled is whole and durable in the spool, not yet in the bucket.
	SegmentSpooled SegmentState = "spooled"
	// SegmentStored is whole and durable in the bucket.
	SegmentStored SegmentState = "stored"
	// SegmentErased is unreadable: its key is destroyed. The row stays so that
	// a request for it is told so; its bytes are swept.
	SegmentErased SegmentState = "erased"
)

// Segment is a run of whole GOPs of one stream of one camera, at most about a
// minute, sealed under its own key: the catalog's row.
type Segment struct {
	ID     SegmentID
	Camera shouwang.CameraID
	Stream shouwang.StreamKind
	// Span is capture time, from the first sample to the end of the last.
	shouwang.Span
	// Epoch and Media tie it to the camera's clock: Media is the DTS of the
	// first sample. Two segments of one epoch are comparable.
	Epoch  uint32
	Media  shouwang.MediaTime
	Params *shouwang.Params
	// Samples are the pictures, in decoding order.
	Samples []Sample
	// Plain and Size are the bytes of the fragmented MP4 and of its sealed
	// form.
	Plain, Size int64
	// KeyID and Wrapped are the segment's data key, wrapped.
	KeyID   string
	Wrapped []byte
	// Grant is the policy's permission it was recorded under.
	Grant string
	// Mode is events or rolling, as the grant said.
	Mode string
	// Expires is when it must be unreadable, unless a hold covers it.
	Expires time.Time
	// Offset, Uncertainty and Source say what is known about Span's error.
	Offset, Uncertainty time.Duration
	Source              shouwang.StampSource
	State               SegmentState
}

// Name returns the segment's name in the bucket.
func (s *Segment) Name() string { return ObjectName(s.Camera, s.ID) }

// ObjectName returns the name in the bucket of a camera's segment:
// segments/CAMERA/DAY/ID.sws, the day in UTC.
func ObjectName(camera shouwang.CameraID, id SegmentID) string {
	day := string(id)
	if len(day) > 8 {
		day = day[:8]
	}
	return fmt.Sprintf("segments/%s/%s/%s.sws", camera, day, id)
}

// WallOf returns the capture time of a sample of the segment.
func (s *Segment) WallOf(sample Sample) time.Time {
	first := sample.PTS
	if len(s.Samples) > 0 {
		first = s.Samples[0].PTS
	}
	return s.From.Add((sample.PTS - first).Duration())
}
