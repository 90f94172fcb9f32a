package peers

import "shouwang"

// Kerberos is the rule of the Kerberos agent: it looks at key frames only, and
// says motion when more than 150 pixels (its default) of the middle one of
// three differ by more than 60 from both the one before and the one after. Look
// must be given key frames alone. Its answer is the rectangle of what changed.
type Kerberos struct {
	kept [][]byte
	box  [1]shouwang.Box
}

const (
	kerberosPixels    = 150
	kerberosThreshold = 60
)

// Look implements Rule for key frames.
func (k *Kerberos) Look(luma []byte, stride, width, height int) []shouwang.Box {
	var next []byte
	if len(k.kept) == 3 {
		next, k.kept = k.kept[0][:0], k.kept[1:]
	}
	for y := range height {
		next = append(next, luma[y*stride:y*stride+width]...)
	}
	k.kept = append(k.kept, next)
	if len(k.kept) < 3 || len(k.kept[0]) != len(next) || len(k.kept[1]) != len(next) {
		return nil
	}
	n, x0, y0, x1, y1 := 0, width, height, 0, 0
	for i, v := range k.kept[1] {
		if far(v, k.kept[0][i]) > kerberosThreshold && far(v, next[i]) > kerberosThreshold {
			x, y := i%width, i/width
			x0, x1, y0, y1, n = min(x0, x), max(x1, x+1), min(y0, y), max(y1, y+1), n+1
		}
	}
	if n <= kerberosPixels {
		return nil
	}
	w, h := float64(width), float64(height)
	k.box[0] = shouwang.Box{float64(x0) / w, float64(y0) / h, float64(x1-x0) / w, float64(y1-y0) / h}
	return k.box[:]
}

func far(a, b byte) int { return max(int(a)-int(b), int(b)-int(a)) }
