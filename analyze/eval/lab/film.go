package lab

import (
	"fmt"
	"os"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/annexb"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/eval"
	"shouwang/analyze/eval/peers"
	"shouwang/analyze/scene"
	"shouwang/analyze/scene/mog"
)

// Picture is one decoded picture, reduced to cells.
type Picture struct {
	PTS   shouwang.MediaTime
	Key   bool
	Size  int // of the coded picture in bytes
	Cells []int16
}

// Film is a decoded film, and what the baselines saw in it.
type Film struct {
	Cols, Rows int
	Pictures   []Picture
	// Seen is, by the name of a baseline, what it saw in each picture.
	Seen map[string][]analyze.Observation
	// Decoding is the CPU time of decoding all of it.
	Decoding time.Duration
}

// The baselines, as tables name them.
const (
	MOG2     = "MOG2 320x180, every picture"
	Frigate  = "Frigate's motion rule, every picture"
	Kerberos = "Kerberos' rule, key frames"
)

// viewer takes each picture of a film as it is decoded.
type viewer struct {
	film     *Film
	mog      *mog.Model
	frigate  peers.Frigate
	kerberos peers.Kerberos
}

// Read decodes a raw stream of fps pictures a second. With baselines they look
// at each picture on the way.
func Read(path string, codec shouwang.Codec, fps float64, baselines bool) (*Film, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	units := annexb.Units(raw, codec, fps)
	dec, err := decode.New(decode.Options{Codec: codec})
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	v := viewer{film: &Film{Seen: map[string][]analyze.Observation{}}}
	if baselines {
		v.mog = mog.New()
		defer v.mog.Close()
	}
	for i, u := range units {
		var params []byte
		if u.Key {
			params = nal.AppendParams(nil, u.Params.VPS, u.Params.SPS, u.Params.PPS)
		}
		size := len(u.Data)
		if err := nal.ToAnnexB(u.Data); err != nil {
			return nil, fmt.Errorf("decode %s, picture %d: %w", path, i, err)
		}
		p, cost := dec.Decode(params, u.Data, int64(i))
		v.film.Decoding += cost.CPU
		for ; p != nil; p = dec.Next() {
			v.see(p, units[p.Tag], size)
		}
	}
	dec.Drain()
	for p := dec.Next(); p != nil; p = dec.Next() {
		v.see(p, units[p.Tag], len(units[p.Tag].Data))
	}
	if len(v.film.Pictures) != len(units) {
		return nil, fmt.Errorf("decode %s: %d pictures of %d came out", path, len(v.film.Pictures), len(units))
	}
	return v.film, nil
}

func (v *viewer) see(p *decode.Picture, u *shouwang.AccessUnit, size int) {
	f := v.film
	cell := scene.CellSize(p.Width, p.Height, 0) // the model's own default, as cameras have
	f.Cols, f.Rows = p.Width/cell, p.Height/cell
	f.Pictures = append(f.Pictures, Picture{u.PTS, u.Key, size, scene.Reduce(p.Y, p.StrideY, p.Width, p.Height, cell)})
	if v.mog == nil {
		return
	}
	o := analyze.Observation{PTS: u.PTS, Wall: wall(u.PTS), Key: u.Key, Decoded: true}
	r := v.mog.Observe(p.Y, p.StrideY, p.Width, p.Height, u.PTS, u.Key)
	m := o
	m.Regions, m.Light, m.Mean, m.Dev = append([]analyze.Region(nil), r.Regions...), r.Light, r.Mean, r.Dev
	f.Seen[MOG2] = append(f.Seen[MOG2], m)
	f.Seen[Frigate] = append(f.Seen[Frigate], with(o, v.frigate.Look(p.Y, p.StrideY, p.Width, p.Height)))
	var boxes []shouwang.Box
	if u.Key {
		boxes = v.kerberos.Look(p.Y, p.StrideY, p.Width, p.Height)
	}
	f.Seen[Kerberos] = append(f.Seen[Kerberos], with(o, boxes))
}

func with(o analyze.Observation, boxes []shouwang.Box) analyze.Observation {
	for _, b := range boxes {
		o.Regions = append(o.Regions, analyze.Region{Box: b, Fill: 1, Score: 1, Moving: 1})
	}
	return o
}

// epoch is when every film begins.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func wall(pts shouwang.MediaTime) shouwang.WallStamp {
	return shouwang.WallStamp{At: epoch.Add(pts.Duration())}
}

// runs makes events of a peer's observations: pictures with motion that are
// less than rest apart are one event, known with its first picture.
func runs(seen []analyze.Observation, rest time.Duration) []eval.Found {
	var out []eval.Found
	for i := range seen {
		o := &seen[i]
		if len(o.Regions) == 0 {
			continue
		}
		t := o.PTS.Duration()
		if n := len(out); n == 0 || t-out[n-1].To > rest {
			out = append(out, eval.Found{From: t, Told: t, Score: 1, Kind: "motion"})
		}
		f := &out[len(out)-1]
		f.To = t
		for _, r := range o.Regions {
			f.Boxes = append(f.Boxes, eval.Placed{At: t, Box: r.Box})
		}
	}
	return out
}
