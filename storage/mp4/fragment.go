package mp4

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"shouwang"
	"shouwang/storage"
)

// Meta is what a segment says about itself beside its pictures, so that the
// catalog's row can be made again from the sealed file alone. It stands, as
// JSON, in a uuid box before the first fragment, sealed like the rest.
type Meta struct {
	ID          storage.SegmentID    `json:"id"`
	Camera      shouwang.CameraID    `json:"camera"`
	Stream      shouwang.StreamKind  `json:"stream"`
	From        time.Time            `json:"from"` // capture time of the first sample
	Epoch       uint32               `json:"epoch"`
	Media       shouwang.MediaTime   `json:"media"` // DTS of the first sample
	Grant       string               `json:"grant"`
	Mode        string               `json:"mode"`
	Expires     time.Time            `json:"expires"`
	Retention   time.Duration        `json:"retention_ns"`
	Offset      time.Duration        `json:"offset_ns"`
	Uncertainty time.Duration        `json:"uncertainty_ns"`
	Source      shouwang.StampSource `json:"source"`
	Codec       shouwang.Codec       `json:"codec"`
	VPS         []byte               `json:"vps,omitempty"`
	SPS         []byte               `json:"sps"`
	PPS         []byte               `json:"pps"`
	Width       int                  `json:"width"`
	Height      int                  `json:"height"`
}

// metaUUID marks the Meta box.
const metaUUID = "shouwang-meta-01"

// Init returns the beginning of a fragmented MP4 with one track: ftyp, moov
// and, when meta is not nil, its box.
func Init(p *shouwang.Params, meta *Meta) ([]byte, error) {
	w := &boxes{b: make([]byte, 0, 1200)}
	w.box("ftyp", func() { w.str("iso6\x00\x00\x02\x00iso6isomavc1mp41") })
	var entryErr error
	w.box("moov", func() {
		w.mvhd(time.Time{}, 0)
		entryErr = w.trak(track{params: []*shouwang.Params{p}}, func() {
			for _, kind := range []string{"stts", "stsc"} {
				w.full(kind, 0, 0, func() { w.u32(0) })
			}
			w.full("stsz", 0, 0, func() { w.u64(0) })
			w.full("stco", 0, 0, func() { w.u32(0) })
		})
		w.box("mvex", func() {
			w.full("trex", 0, 0, func() {
				w.u32(1)
				w.u32(1)
				w.zeros(12)
			})
		})
	})
	if entryErr != nil || meta == nil {
		return w.b, entryErr
	}
	body, err := json.Marshal(meta)
	if err != nil {
		return nil, fmt.Errorf("write segment description: %w", err)
	}
	w.box("uuid", func() {
		w.str(metaUUID)
		w.raw(body)
	})
	return w.b, nil
}

// Piece is one sample of a fragment to be written.
type Piece struct {
	Data     []byte // length-prefixed NAL units; not copied before it is written
	DTS, PTS shouwang.MediaTime
	Duration shouwang.MediaTime
	Key      bool
}

const (
	flagSync    = 0x02000000 // depends on no other (ISO/IEC 14496-12 8.8.3.1)
	flagNonSync = 0x01010000
)

// WriteFragment writes prft, moof and mdat to out: the pieces in order, DTS
// from the segment's start. wall is the capture time of the first piece. It
// returns where the first sample's bytes begin, from the fragment's start.
func WriteFragment(out io.Writer, sequence uint32, wall time.Time, pieces []Piece) (int64, error) {
	if len(pieces) == 0 {
		return 0, errors.New("write fragment: it has no samples")
	}
	size := 0
	for i := range pieces {
		size += len(pieces[i].Data)
	}
	w := &boxes{b: make([]byte, 0, 140+16*len(pieces))}
	w.full("prft", 1, 0, func() { // 8.16.5: which wall time the media time is
		w.u32(1)
		w.u64(ntpTime(wall))
		w.u64(uint64(pieces[0].PTS))
	})
	moof := len(w.b)
	dataOffset := 0
	w.box("moof", func() {
		w.full("mfhd", 0, 0, func() { w.u32(sequence) })
		w.box("traf", func() {
			w.full("tfhd", 0, 0x020000, func() { w.u32(1) }) // default-base-is-moof
			w.full("tfdt", 1, 0, func() { w.u64(uint64(pieces[0].DTS)) })
			w.full("trun", 1, 0x000f01, func() {
				w.u32(uint32(len(pieces)))
				dataOffset = len(w.b)
				w.u32(0)
				for i := range pieces {
					w.piece(&pieces[i])
				}
			})
		})
	})
	binary.BigEndian.PutUint32(w.b[dataOffset:], uint32(len(w.b)+8-moof))
	w.u32(uint32(size + 8))
	w.str("mdat")
	if _, err := out.Write(w.b); err != nil {
		return 0, err
	}
	for i := range pieces {
		if _, err := out.Write(pieces[i].Data); err != nil {
			return 0, err
		}
	}
	return int64(len(w.b)), nil
}

func (w *boxes) piece(p *Piece) {
	w.u32(uint32(p.Duration))
	w.u32(uint32(len(p.Data)))
	if p.Key {
		w.u32(flagSync)
	} else {
		w.u32(flagNonSync)
	}
	w.u32(uint32(int32(p.PTS - p.DTS)))
}
