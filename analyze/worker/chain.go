package worker

import (
	"shouwang"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
)

// chain is what cameras and renderers have in common: parameter sets and
// a decoder of their own that follows the stream from key frame to key frame.
type chain struct {
	handle  uint32
	codec   shouwang.Codec
	params  []byte // Annex B
	refused bool
	dec     *decode.Decoder
	recent  [64]unitInfo // by sequence number: pictures may come out late
}

// unitInfo is what must be remembered of a unit until its picture comes out.
type unitInfo struct {
	seq  uint64
	pts  shouwang.MediaTime
	wall int64
	key  bool
}

// setParams takes new parameter sets into use. Sets that cannot be read, or
// announce absurd pictures, refuse the stream until better ones come.
func (c *chain) setParams(p *wire.Params, limits nal.Limits) error {
	codec := shouwang.Codec(p.Codec)
	if codec != c.codec {
		c.release()
	}
	c.codec, c.refused = codec, true
	if err := p.Check(); err != nil {
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera's parameter sets are unusable: %w", err)
	}
	if err := limits.Check(codec, p.SPS); err != nil {
		return err
	}
	c.params, c.refused = nal.AppendParams(nil, p.VPS, p.SPS, p.PPS), false
	return nil
}

// remember notes the unit under the time the rest of the house counts in.
func (c *chain) remember(u *wire.Unit, pts shouwang.MediaTime) {
	c.recent[u.Seq%uint64(len(c.recent))] = unitInfo{u.Seq, pts, u.Wall, u.Flags&wire.FlagKey != 0}
}

// info returns what is known of the unit that became a picture.
func (c *chain) info(tag int64) (unitInfo, bool) {
	i := c.recent[uint64(tag)%uint64(len(c.recent))]
	return i, i.seq == uint64(tag)
}

// decode hands the unit to the chain's own decoder, which a key frame opens.
func (c *chain) decode(u *wire.Unit, limits nal.Limits) (*decode.Picture, decode.Cost, error) {
	key := u.Flags&wire.FlagKey != 0
	if c.dec == nil {
		if !key {
			return nil, decode.Cost{}, nil
		}
		dec, err := decode.New(decode.Options{Codec: c.codec, MaxPixels: limits.Pixels})
		if err != nil {
			return nil, decode.Cost{Errors: 1}, err
		}
		c.dec = dec
	}
	params := c.params
	if !key {
		params = nil
	}
	p, cost := c.dec.Decode(params, u.Data, int64(u.Seq))
	return p, cost, nil
}

// release gives the decoder's memory back; the next key frame opens another.
func (c *chain) release() {
	if c.dec != nil {
		c.dec.Close()
		c.dec = nil
	}
}
