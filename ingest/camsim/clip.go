// Package camsim is a camera for tests and the demo: an RTSP server that plays
// real video files in a loop at their pace, with right RTP times and sender
// reports, and misbehaves in every way that cameras were seen to, when told.
// It also takes streams that ffmpeg publishes and serves them on.
package camsim

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/pion/rtp"

	"shouwang"
	"shouwang/ingest/file"
)

// Frame is one encoded picture of a clip.
type Frame struct {
	PTS, DTS shouwang.MediaTime
	Key      bool
	NALs     [][]byte // without parameter sets
	Size     int
}

// Clip is a video held in memory, ready to be played any number of times.
type Clip struct {
	Params   *shouwang.Params
	Frames   []Frame
	Duration shouwang.MediaTime // of one loop
}

// maxClip bounds what one clip keeps in memory, in bytes.
const maxClip = 256 << 20

// Load reads a video file of any kind; limit cuts it after that much media
// time, 0 takes all.
func Load(ctx context.Context, path string, limit time.Duration) (*Clip, error) {
	r, err := file.Open(ctx, path, file.Options{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &Clip{}
	for size := 0; size < maxClip; {
		u, err := r.Next(ctx)
		if errors.Is(err, io.EOF) || err == nil && limit > 0 && u.DTS.Duration() >= limit {
			break
		}
		if err != nil {
			return nil, err
		}
		size += u.Size()
		c.add(u)
	}
	if len(c.Frames) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNoVideo, "clip %s holds no picture", path)
	}
	return c, nil
}

func (c *Clip) add(u *shouwang.AccessUnit) {
	if c.Params == nil {
		c.Params = u.Params
	}
	f := Frame{PTS: u.PTS, DTS: u.DTS, Key: u.Key, Size: u.Size()}
	for b := u.Data; len(b) > 4; {
		n := binary.BigEndian.Uint32(b)
		f.NALs = append(f.NALs, b[4:4+n])
		b = b[4+n:]
	}
	c.Frames = append(c.Frames, f)
	step := shouwang.MediaTime(shouwang.MediaRate / 10)
	if n := len(c.Frames); n > 1 {
		step = max(1, (f.DTS-c.Frames[0].DTS)/shouwang.MediaTime(n-1))
	}
	c.Duration = f.DTS - c.Frames[0].DTS + step
}

// At returns the n-th picture of the endless loop, its times moved on by the
// loops before it.
func (c *Clip) At(n int) Frame {
	f := c.Frames[n%len(c.Frames)]
	shift := shouwang.MediaTime(n/len(c.Frames)) * c.Duration
	f.PTS += shift
	f.DTS += shift
	return f
}

// From returns the clip played from its n-th picture on, a key frame: the
// pictures before it come at the end of the loop.
func (c *Clip) From(n int) *Clip {
	first, loop := c.Frames[n], c.Frames[0]
	next := &Clip{Params: c.Params, Duration: c.Duration, Frames: make([]Frame, 0, len(c.Frames))}
	for i := range c.Frames {
		f := c.Frames[(n+i)%len(c.Frames)]
		shift := loop.DTS - first.DTS
		if n+i >= len(c.Frames) {
			shift += c.Duration
		}
		f.DTS, f.PTS = f.DTS+shift, f.PTS+shift
		next.Frames = append(next.Frames, f)
	}
	return next
}

// Unit returns the n-th picture of the endless loop as the access unit that
// ingest would make of it, its first picture taken at start: a camera without
// a network, as fast as one calls.
func (c *Clip) Unit(id shouwang.CameraID, kind shouwang.StreamKind, start time.Time, n int) *shouwang.AccessUnit {
	return c.UnitIn(nil, id, kind, start, n)
}

// UnitIn is Unit with the bytes in buf, if they fit in there.
func (c *Clip) UnitIn(buf []byte, id shouwang.CameraID, kind shouwang.StreamKind, start time.Time, n int) *shouwang.AccessUnit {
	f := c.At(n)
	data := buf[:0]
	if cap(buf) < f.Size {
		data = make([]byte, 0, f.Size)
	}
	for _, nal := range f.NALs {
		data = binary.BigEndian.AppendUint32(data, uint32(len(nal)))
		data = append(data, nal...)
	}
	at := start.Add(f.PTS.Duration())
	return &shouwang.AccessUnit{
		Camera: id, Stream: kind, Epoch: 1, Seq: uint64(n), PTS: f.PTS, DTS: f.DTS,
		Wall: shouwang.WallStamp{At: at}, Received: at, Key: f.Key, Params: c.Params, Data: data,
	}
}

// parameterSets returns the sets that a camera sends before a key frame.
func parameterSets(p *shouwang.Params) [][]byte {
	if p.Codec == shouwang.CodecH265 {
		return [][]byte{p.VPS, p.SPS, p.PPS}
	}
	return [][]byte{p.SPS, p.PPS}
}

// Packets returns one loop of the clip as the RTP packets that a camera would
// send, parameter sets before each key frame: for measuring without sockets.
func (c *Clip) Packets() ([]*rtp.Packet, error) {
	p := &player{}
	if _, err := p.format(c.Params); err != nil {
		return nil, err
	}
	var out []*rtp.Packet
	for _, f := range c.Frames {
		nals := f.NALs
		if f.Key {
			nals = append(parameterSets(c.Params), nals...)
		}
		packets, err := p.encode(nals)
		if err != nil {
			return nil, err
		}
		for _, pkt := range packets {
			pkt.Timestamp = uint32(f.PTS)
		}
		out = append(out, packets...)
	}
	return out, nil
}
