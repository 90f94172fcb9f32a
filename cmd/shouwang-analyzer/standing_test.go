package main

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/analyze/cliptest"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/pool"
)

// The clip is 768x576; MOT boxes number pictures from 1.
const (
	standingClip  = "../../../shared/videos/vtest.avi"
	standingBoxes = "../../../shared/videos/vtest.gt/gt.txt"
	standingAt    = 200
)

// TestWhoOnlyStandsIsPixelated shows one picture of a clip with people for 22
// seconds: nobody moves, and the scene is learned with them in it. With a
// classifier what comes out has no detail where they stand, and has it
// elsewhere; without, they are taken for scenery, which shows that it is the
// classifier that hides them.
func TestWhoOnlyStandsIsPixelated(t *testing.T) {
	const model = "../../../shared/models/yolox_nano.onnx"
	for _, f := range []string{model, standingClip, standingBoxes} {
		if _, err := os.Stat(f); err != nil {
			t.Skip("skipped: labelled clips and a model are not beside this checkout:", err)
		}
	}
	units := cliptest.Make(t, cliptest.Spec{Source: standingClip, File: true, Codec: shouwang.CodecH264, FPS: 2, Args: []string{
		"-vf", "select=eq(n\\," + strconv.Itoa(standingAt) + "),loop=-1:1,trim=duration=22,fps=2,setpts=N/2/TB,scale=640:480", "-r", "2", "-t", "22", "-g", "10",
	}})
	people := boxesOf(t, standingAt+1)
	in := lastPicture(t, units)
	for _, with := range []bool{true, false} {
		cfg := pool.Config{Binary: os.Args[0], Workers: 1}
		if with {
			cfg.Model, cfg.ModelNeeded = model, true
		}
		out := lastPicture(t, rendered(t, cfg, units))
		hidden := 0
		for _, b := range people {
			if detailIn(out, b) < detailIn(in, b)/3 {
				hidden++
			}
		}
		rest := shouwang.Box{.02, .02, .96, .2} // trees and a building, nobody
		t.Logf("classifier %v: %d of %d people who stand are pixelated; detail elsewhere %.1f of %.1f", with, hidden, len(people), detailIn(out, rest), detailIn(in, rest))
		if with && hidden*10 < len(people)*8 || !with && hidden*2 > len(people) {
			t.Errorf("classifier %v: %d of %d people are pixelated", with, hidden, len(people))
		}
		if detailIn(out, rest) < detailIn(in, rest)/2 {
			t.Errorf("classifier %v: what nobody stands in is hidden, too", with)
		}
	}
}

// rendered plays all units through a real analyzer with people to be hidden.
func rendered(t *testing.T, cfg pool.Config, units []*shouwang.AccessUnit) (out []*shouwang.AccessUnit) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return renderedAs(ctx, t, cfg, pool.RenderOptions{Camera: "yard", BlurPeople: true}, units)
}

// lastPicture decodes units and returns a copy of what the last one shows.
func lastPicture(t *testing.T, units []*shouwang.AccessUnit) (last *decode.Picture) {
	t.Helper()
	eachPicture(t, units, func(p *decode.Picture) { last = p })
	return last
}

// eachPicture decodes units and calls see with a copy of each picture.
func eachPicture(t *testing.T, units []*shouwang.AccessUnit, see func(*decode.Picture)) {
	t.Helper()
	d, err := decode.New(decode.Options{Codec: shouwang.CodecH264})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	none := true
	for i, u := range units {
		data := bytes.Clone(u.Data)
		if err := nal.ToAnnexB(data); err != nil {
			t.Fatal(err)
		}
		for p, _ := d.Decode(nal.AppendParams(nil, u.Params.SPS, u.Params.PPS), data, int64(i)); p != nil; p = d.Next() {
			kept := *p
			kept.Y = bytes.Clone(p.Y)
			see(&kept)
			none = false
		}
	}
	if none {
		t.Fatal("nothing decodes")
	}
}

// detailIn is the mean step between neighbours within a box.
func detailIn(p *decode.Picture, b shouwang.Box) float64 {
	x0, y0 := max(0, int(b[0]*float64(p.Width))), max(0, int(b[1]*float64(p.Height)))
	x1, y1 := min(p.Width-1, int((b[0]+b[2])*float64(p.Width))), min(p.Height, int((b[1]+b[3])*float64(p.Height)))
	sum := 0
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			d := int(p.Y[y*p.StrideY+x]) - int(p.Y[y*p.StrideY+x+1])
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(max(1, (x1-x0)*(y1-y0)))
}

// boxesOf reads the people of one picture.
func boxesOf(t *testing.T, number int) (out []shouwang.Box) {
	t.Helper()
	raw, err := os.ReadFile(standingBoxes)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 6 || f[0] != strconv.Itoa(number) {
			continue
		}
		var v [4]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(f[i+2], 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, shouwang.Box{v[0] / 768, v[1] / 576, v[2] / 768, v[3] / 576})
	}
	if len(out) < 3 {
		t.Fatalf("%d people are labelled in picture %d", len(out), number)
	}
	return out
}
