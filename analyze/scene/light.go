package scene

// light estimates what the light did to the whole picture, so that a cloud or
// the camera's own exposure is not taken for motion. In the steady case one
// offset is enough; after a jump a tone curve (old luma to new) is fitted from
// the medians of sixteen bands of luma, which no object that covers less than
// half of a band can bend.
type light struct {
	all   [bins]int32
	bands [16][bins]int32
	lut   [256]int16
	noise float64 // usual median absolute deviation, luma
	jump  float64 // largest correction now in force, luma
}

const (
	bins = 513 // half luma steps, -128..128
	mid  = bins / 2
)

func (l *light) reset() { l.noise, l.jump = 0, 0 }

func bin(d int) int { return min(bins-1, max(0, d/64+mid)) }

// estimate returns the threshold for classifying m.cur against m.bg.
func (l *light) estimate(m *Model) threshold {
	clear(l.all[:])
	n := int32(0)
	for i := 0; i < len(m.cur); i += 9 {
		if m.hold[i] == 0 {
			l.all[bin(int(m.cur[i])-int(m.bg[i]))]++
			n++
		}
	}
	t := threshold{floor: int(m.cfg.Floor * 128), gain: int(m.cfg.Gain * 16)}
	if n < 64 {
		return t
	}
	med, mad := spread(&l.all, n)
	l.jump = 0
	if abs(med) > 1.5 || mad > 1.5*l.noise+0.75 {
		mad = l.curve(m)
		t.lut = &l.lut
	} else {
		t.shift = int(med * 128)
		if l.noise == 0 {
			l.noise = mad
		}
		l.noise += (mad - l.noise) / 32
	}
	t.floor = max(t.floor, int(5*mad*128), int(l.jump*128/6))
	return t
}

// curve fits the tone curve and returns the median absolute deviation that
// remains.
func (l *light) curve(m *Model) float64 {
	clear(l.bands[:])
	var count [16]int32
	for i := 0; i < len(m.cur); i += 2 {
		if m.hold[i] == 0 {
			b := int(m.bg[i]) >> 11
			l.bands[b][bin(int(m.cur[i])-int(m.bg[i]))]++
			count[b]++
		}
	}
	var med [16]float64
	var ok [16]bool
	rest, weight := 0.0, 0.0
	for b := range med {
		if count[b] < 24 {
			continue
		}
		d, mad := spread(&l.bands[b], count[b])
		if mad > 4+abs(d)/3 {
			continue
		}
		med[b], ok[b] = d, true
		rest += mad * float64(count[b])
		weight += float64(count[b])
		l.jump = max(l.jump, abs(d))
	}
	if weight == 0 {
		clear(l.lut[:])
		return 0
	}
	l.fill(&med, &ok)
	return rest / weight
}

// fill interpolates the bands' medians over all lumas.
func (l *light) fill(med *[16]float64, ok *[16]bool) {
	last := -1
	for b := 0; b <= 16; b++ {
		if b < 16 && !ok[b] {
			continue
		}
		lo, hi := last, b
		for y := center(lo); y < center(hi); y++ {
			var v float64
			switch {
			case lo < 0 && hi == 16:
				v = 0
			case lo < 0:
				v = med[hi]
			case hi == 16:
				v = med[lo]
			default:
				f := float64(y-center(lo)) / float64(center(hi)-center(lo))
				v = med[lo]*(1-f) + med[hi]*f
			}
			l.lut[y] = int16(v * 128)
		}
		last = b
	}
}

// center is the middle luma of a band; 0 before the first and 256 after the
// last.
func center(b int) int {
	if b < 0 {
		return 0
	}
	return min(256, b*16+8)
}

// spread returns the median and the median absolute deviation in luma.
func spread(h *[bins]int32, n int32) (med, mad float64) {
	k := quantile(h, n/2)
	left, have, r := n/2, h[k], 0
	for ; have <= left && r < bins; r++ {
		if k-r-1 >= 0 {
			have += h[k-r-1]
		}
		if k+r+1 < bins {
			have += h[k+r+1]
		}
	}
	return float64(k-mid) / 2, float64(r) / 2
}

func quantile(h *[bins]int32, want int32) int {
	have := int32(0)
	for i, c := range h {
		if have += c; have > want {
			return i
		}
	}
	return bins - 1
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}
