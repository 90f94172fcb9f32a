package mp4

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"shouwang"
	"shouwang/storage"
)

// maxBox bounds the boxes that Scan holds in memory; sample data is skipped.
const maxBox = 4 << 20

// Scan reads a segment's fragmented MP4 of size bytes back into its
// description and its samples, as far as whole fragments go. It is for repair:
// the recorder knows all of it already.
func Scan(r io.ReaderAt, size int64) (Meta, []storage.Sample, error) {
	var meta Meta
	var samples, pending []storage.Sample
	found, base, at := false, int64(0), int64(0)
	for at+8 <= size {
		var head [8]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return meta, samples, fmt.Errorf("scan segment: %w", err)
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		if n < 8 || at+n > size {
			break // the fragment that was being written
		}
		var body []byte
		if kind == "uuid" || kind == "moof" {
			if n > maxBox {
				break
			}
			body = make([]byte, n-8)
			if _, err := r.ReadAt(body, at+8); err != nil {
				return meta, samples, fmt.Errorf("scan segment: %w", err)
			}
		}
		switch kind {
		case "uuid":
			if len(body) > 16 && string(body[:16]) == metaUUID {
				found = json.Unmarshal(body[16:], &meta) == nil
			}
		case "moof":
			base, pending = at, parseMoof(body)
		case "mdat":
			samples = append(samples, place(pending, base, at+n)...)
			pending = nil
		}
		at += n
	}
	if !found {
		return meta, nil, shouwang.Errorf(shouwang.CodeTampered, "segment does not say what it is")
	}
	return meta, samples, nil
}

// place turns offsets from the moof into offsets from the segment's start and
// drops what does not lie in the bytes that are there.
func place(samples []storage.Sample, base, end int64) []storage.Sample {
	for i := range samples {
		samples[i].Offset += base
		if samples[i].Offset+int64(samples[i].Size) > end {
			return samples[:i]
		}
	}
	return samples
}

// parseMoof reads what WriteFragment wrote; a moof of any other shape gives
// nothing.
func parseMoof(body []byte) []storage.Sample {
	var out []storage.Sample
	eachBox(body, func(kind string, traf []byte, _ int) bool {
		if kind != "traf" {
			return true
		}
		dts := shouwang.MediaTime(0)
		eachBox(traf, func(kind string, b []byte, _ int) bool {
			switch {
			case kind == "tfdt" && len(b) == 12:
				dts = shouwang.MediaTime(binary.BigEndian.Uint64(b[4:]))
			case kind == "trun" && len(b) >= 12 && binary.BigEndian.Uint32(b) == 0x01000f01:
				out = parseTrun(b, dts)
			}
			return true
		})
		return true
	})
	return out
}

func parseTrun(b []byte, dts shouwang.MediaTime) []storage.Sample {
	count, at := int(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:]))
	if count*16 != len(b)-12 {
		return nil
	}
	out := make([]storage.Sample, 0, count)
	for b = b[12:]; len(b) >= 16; b = b[16:] {
		s := storage.Sample{
			Offset: at, Size: int(binary.BigEndian.Uint32(b[4:])), DTS: dts,
			PTS:      dts + shouwang.MediaTime(int32(binary.BigEndian.Uint32(b[12:]))),
			Duration: shouwang.MediaTime(binary.BigEndian.Uint32(b)),
			Key:      binary.BigEndian.Uint32(b[8:]) == flagSync,
		}
		out = append(out, s)
		at, dts = at+int64(s.Size), dts+s.Duration
	}
	return out
}

// Segment makes the catalog's row from what Scan read. Key, sizes and state
// are for the caller to add.
func (m *Meta) Segment(samples []storage.Sample) storage.Segment {
	s := storage.Segment{
		ID: m.ID, Camera: m.Camera, Stream: m.Stream, Epoch: m.Epoch, Media: m.Media,
		Params: &shouwang.Params{Codec: m.Codec, VPS: m.VPS, SPS: m.SPS, PPS: m.PPS, Width: m.Width, Height: m.Height},
		Grant:  m.Grant, Mode: m.Mode, Expires: m.Expires,
		Offset: m.Offset, Uncertainty: m.Uncertainty, Source: m.Source, Samples: samples,
	}
	s.From = m.From
	s.To = m.From
	for _, sample := range samples {
		if end := s.WallOf(sample).Add(sample.Duration.Duration()); end.After(s.To) {
			s.To = end
		}
	}
	if m.Retention > 0 {
		s.Expires = s.To.Add(m.Retention)
	}
	return s
}
