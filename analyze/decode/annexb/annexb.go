// Package annexb cuts coded streams as ffmpeg writes them (H.264 Annex B and
// its like in H.265) into access units, for measurements and tests; cameras'
// streams come through package ingest.
package annexb

import (
	"bytes"
	"encoding/binary"

	"shouwang"
	"shouwang/analyze/decode/nal"
)

// Units cuts a stream with access unit delimiters into units whose media time
// counts fps pictures a second. What stands before the first delimiter, and an
// empty stream, give none.
func Units(stream []byte, codec shouwang.Codec, fps float64) []*shouwang.AccessUnit {
	b := builder{codec: codec, step: shouwang.MediaTime(shouwang.MediaRate / max(fps, 1)), params: &shouwang.Params{Codec: codec}}
	nal.Split(stream, b.unit)
	b.flush()
	return b.out
}

type builder struct {
	codec  shouwang.Codec
	step   shouwang.MediaTime
	params *shouwang.Params
	data   []byte
	key    bool
	out    []*shouwang.AccessUnit
}

func (b *builder) unit(u []byte) {
	if b.codec == shouwang.CodecH265 {
		b.h265(u)
		return
	}
	switch u[0] & 31 {
	case 9:
		b.flush()
	case 7:
		b.set(func(p *shouwang.Params) { p.SPS = bytes.Clone(u) })
	case 8:
		b.set(func(p *shouwang.Params) { p.PPS = bytes.Clone(u) })
	case 1, 5:
		b.key = b.key || u[0]&31 == 5
		b.add(u)
	}
}

func (b *builder) h265(u []byte) {
	switch kind := u[0] >> 1 & 63; {
	case kind == 35:
		b.flush()
	case kind == 32:
		b.set(func(p *shouwang.Params) { p.VPS = bytes.Clone(u) })
	case kind == 33:
		b.set(func(p *shouwang.Params) { p.SPS = bytes.Clone(u) })
	case kind == 34:
		b.set(func(p *shouwang.Params) { p.PPS = bytes.Clone(u) })
	case kind < 32:
		b.key = b.key || kind >= 16 && kind <= 21
		b.add(u)
	}
}

// set makes new Params, as they are immutable, unless nothing changes.
func (b *builder) set(change func(*shouwang.Params)) {
	next := *b.params
	change(&next)
	if !next.Equal(b.params) {
		next.Width, next.Height, _ = nal.Size(b.codec, next.SPS)
		b.params = &next
	}
}

func (b *builder) add(u []byte) {
	b.data = append(binary.BigEndian.AppendUint32(b.data, uint32(len(u))), u...)
}

func (b *builder) flush() {
	if len(b.data) == 0 {
		return
	}
	n := len(b.out)
	b.out = append(b.out, &shouwang.AccessUnit{
		Camera: "test", Seq: uint64(n), PTS: b.step * shouwang.MediaTime(n), DTS: b.step * shouwang.MediaTime(n),
		Key: b.key, Params: b.params, Data: b.data,
	})
	b.data, b.key = nil, false
}
