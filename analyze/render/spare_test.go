package render

import (
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

// figures says where two people stand, as the left edges of their pictures;
// negative for who is not there.
type figures struct{ asked, other int }

// pair is the street with both in it, each 40x100 pixels.
func pair(f figures) *decode.Picture {
	p := street(f.asked)
	if f.other >= 0 {
		o := street(f.other)
		for y := 150; y < 250; y++ {
			copy(p.Y[y*w+f.other:y*w+f.other+40], o.Y[y*w+f.other:y*w+f.other+40])
		}
	}
	return p
}

// sharp is a detector that sees both, and one where they touch.
type sharp struct{ now figures }

func (d *sharp) Observe([]byte, int, int, int, shouwang.MediaTime, bool) (res worker.Result) {
	box := func(x, to int) analyze.Region {
		return analyze.Region{Box: shouwang.Box{float64(x) / w, 150. / h, float64(to-x) / w, 100. / h}}
	}
	a, b := d.now.asked, d.now.other
	switch {
	case a >= 0 && b >= 0 && max(a, b)-min(a, b) < 48:
		res.Regions = append(res.Regions, box(min(a, b), max(a, b)+40))
	default:
		for _, x := range []int{a, b} {
			if x >= 0 {
				res.Regions = append(res.Regions, box(x, x+40))
			}
		}
	}
	return res
}

// around is the mark of somebody who stands at x.
func around(seconds float64, x int) wire.Clear {
	return wire.Clear{At: int64(seconds * 1e6), Box: shouwang.Box{float64(x-8) / w, 142. / h, 56. / w, 116. / h}}
}

// film renders two people for some seconds and calls see with each picture as a
// browser gets it, decoded.
func film(t *testing.T, marks []wire.Clear, det worker.Detector, from, to float64, where func(sec float64) figures, see func(sec float64, f figures, p *decode.Picture)) {
	t.Helper()
	r, err := New(wire.RenderSpec{Veil: true, Clear: marks}, det, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Mark(1, ""); err != nil {
		t.Fatal(err)
	}
	s := newScreen(t)
	for sec := from; sec < to; sec += .2 {
		f := where(sec)
		if d, ok := det.(*sharp); ok {
			d.now = f
		}
		if err := r.Render(pair(f), at(sec), int64(sec*1e6), s.show); err != nil {
			t.Fatal(err)
		}
		see(sec, f, s.pic)
	}
}

// readable reports whether somebody of the street can be made out at x, and
// whether they are pixelated as strongly as everybody is.
func readable(p *decode.Picture, x int) (clear, veiled bool) {
	raw, d := detail(street(x), x, 150, x+40, 250), detail(p, x, 150, x+40, 250)
	return d > raw/2, d < raw/12
}

// TestTheFilmedPersonIsClearAndTheOtherIsNot: two walk, far apart; the one is
// marked by hand every two seconds. Both with a detector that finds them and with
// one that finds nothing, so that the cells alone must tell.
func TestTheFilmedPersonIsClearAndTheOtherIsNot(t *testing.T) {
	where := func(sec float64) figures {
		if sec < 20 {
			return figures{-1, -1}
		}
		return figures{asked: 60 + int(10*(sec-20)), other: 560 - int(8*(sec-20))}
	}
	var marks []wire.Clear
	for sec := 20.; sec <= 36; sec += 2 {
		marks = append(marks, around(sec, where(sec).asked))
	}
	for name, det := range map[string]worker.Detector{"seen": &sharp{}, "not seen": still{}} {
		shown, pictures := 0, 0
		film(t, marks, det, 0, 35.9, where, func(sec float64, f figures, p *decode.Picture) {
			if f.asked < 0 {
				return
			}
			if _, veiled := readable(p, f.other); !veiled {
				t.Errorf("%s: after %.1f s the other can be made out", name, sec)
			}
			pictures++
			if clear, _ := readable(p, f.asked); clear {
				shown++
			}
		})
		t.Logf("%s: clear in %d of %d pictures", name, shown, pictures)
		if shown < pictures*9/10 {
			t.Errorf("%s: who asked is clear in %d of %d pictures", name, shown, pictures)
		}
	}
}

// TestWhereTracksOverlapTheVeilWins: the other comes up, stands so that the two
// touch, and goes away; then one walks through where somebody stands who was
// there long before, and whom the detector takes for scenery.
func TestWhereTracksOverlapTheVeilWins(t *testing.T) {
	meets := func(sec float64) figures {
		switch {
		case sec < 20:
			return figures{-1, -1}
		case sec < 30:
			return figures{asked: 200, other: 440 - int(20*(sec-20))}
		case sec < 33:
			return figures{asked: 200, other: 240}
		}
		return figures{asked: 200, other: 240 + int(20*(sec-33))}
	}
	marks := []wire.Clear{around(20, 200), around(60, 200)}
	clearBefore := 0
	film(t, marks, &sharp{}, 0, 45, meets, func(sec float64, f figures, p *decode.Picture) {
		if f.other < 0 {
			return
		}
		if _, veiled := readable(p, f.other); !veiled {
			t.Errorf("after %.1f s the other can be made out, at %d", sec, f.other)
		}
		clear, _ := readable(p, f.asked)
		if sec < 25 && clear {
			clearBefore++
		}
		if sec > 30.2 && sec < 33 && clear {
			t.Errorf("after %.1f s, where they touch, one is shown", sec)
		}
	})
	if clearBefore < 20 {
		t.Errorf("before they met who asked was clear in %d pictures", clearBefore)
	}

	stands := func(sec float64) figures {
		switch {
		case sec < 20:
			return figures{-1, -1}
		case sec < 40:
			return figures{-1, 300}
		}
		return figures{asked: 100 + int(20*(sec-40)), other: 300}
	}
	marks = nil
	for sec := 40.; sec <= 52; sec += 2 {
		marks = append(marks, around(sec, stands(sec).asked))
	}
	clear := 0
	film(t, marks, still{}, 0, 52, stands, func(sec float64, f figures, p *decode.Picture) {
		if sec < 20 {
			return
		}
		if x := f.asked; x >= 0 && x <= 200 {
			if ok, _ := readable(p, x); ok {
				clear++
			}
		}
		if _, veiled := readable(p, 300); !veiled {
			t.Errorf("after %.1f s who stands there can be made out", sec)
		}
	})
	if clear < 15 {
		t.Errorf("who asked is clear in %d pictures on the way there", clear)
	}
}

// TestNobodyIsClearWithoutAMark: before the first mark, after the last, between
// two that lie too far apart, and before the scene is known.
func TestNobodyIsClearWithoutAMark(t *testing.T) {
	where := func(sec float64) figures {
		if sec < 20 {
			return figures{-1, -1}
		}
		return figures{asked: 60 + int(10*(sec-20)), other: -1}
	}
	marks := []wire.Clear{around(25, 110), around(27, 130), around(37, 230), around(39, 250)}
	between := map[bool]int{}
	film(t, marks, &sharp{}, 0, 45, where, func(sec float64, f figures, p *decode.Picture) {
		if f.asked < 0 {
			return
		}
		clear, _ := readable(p, f.asked)
		marked := sec >= 25 && sec <= 27 || sec >= 37 && sec <= 39
		if clear && !marked {
			t.Errorf("clear after %.1f s without a mark", sec)
		}
		if clear {
			between[sec > 30]++
		}
	})
	if between[false] == 0 {
		t.Error("never clear where it is marked")
	}
	film(t, []wire.Clear{around(0, 200), around(40, 200)}, &sharp{}, 0, 10, func(float64) figures { return figures{200, -1} },
		func(sec float64, f figures, p *decode.Picture) {
			if clear, _ := readable(p, f.asked); clear {
				t.Errorf("clear after %.1f s, before the scene is known", sec)
			}
		})
}

func TestMarksThatAreNoneAreRefused(t *testing.T) {
	for name, marks := range map[string][]wire.Clear{
		"empty": {{At: 1}}, "outside": {{At: 1, Box: shouwang.Box{-.1, 0, .1, .1}}},
		"order": {around(2, 100), around(1, 100)}, "twice": {around(1, 100), around(1, 120)},
	} {
		if _, err := New(wire.RenderSpec{Veil: true, Clear: marks}, still{}, nil); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
