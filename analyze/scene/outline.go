package scene

// gap is how many cells wide a hole in a mask may be.
const gap = 15

// Mask appends to dst which cells belong to what the regions of the newest
// picture show, row by row, and returns it with the number of cells in a row: 1
// for those that do. Regions are cut where a cell is surely different; a mask
// goes on from there over all that touch and differ by half as much (hysteresis,
// as Canny 1986 follows edges), and over holes, for the middle of a grey car on a
// grey road differs from nothing.
func (m *Model) Mask(dst []uint8) (cells []uint8, cols int) {
	f := m.finder
	if f == nil {
		return dst, 0
	}
	at := len(dst)
	dst = append(dst, make([]uint8, f.cols*f.rows)...)
	if len(f.out) == 0 {
		return dst, f.cols
	}
	mask := dst[at:]
	f.edge = f.edge[:0]
	for i := range f.runs {
		if u := &f.runs[i]; f.blobs[f.index[i]].kept {
			for c := int(u.row)*f.cols + int(u.from); c < int(u.row)*f.cols+int(u.to); c++ {
				mask[c] = 1
				f.edge = append(f.edge, int32(c))
			}
		}
	}
	m.follow(mask)
	fill(mask, f.cols, f.rows)
	return dst, f.cols
}

// follow lets a mask grow from f.edge over cells that differ by half of what
// makes one hot.
func (m *Model) follow(mask []uint8) {
	f := m.finder
	gain, floor := int(m.cfg.Gain*16), int(m.cfg.Floor*128)
	for len(f.edge) > 0 {
		i := int(f.edge[len(f.edge)-1])
		f.edge = f.edge[:len(f.edge)-1]
		if c, r := i%f.cols, i/f.cols; c == 0 || c == f.cols-1 || r == 0 || r == f.rows-1 {
			continue
		}
		for _, j := range [4]int{i - 1, i + 1, i - f.cols, i + f.cols} {
			if mask[j] == 0 && 2*step(m.cur[j], m.expect[j]) > max(int(m.wide[j])*gain, floor) {
				mask[j] = 1
				f.edge = append(f.edge, int32(j))
			}
		}
	}
}

// fill closes what lies between cells of the mask both in its row and in its
// column.
func fill(mask []uint8, cols, rows int) {
	for r := range rows {
		between(mask, r*cols, 1, cols, 2)
	}
	for c := range cols {
		between(mask, c, cols, rows, 4)
	}
	for i, v := range mask {
		mask[i] = v&1 | (v>>1)&(v>>2)&1
	}
}

// between sets a bit in those of n cells, stride apart, that lie between two of
// the mask no more than gap apart.
func between(mask []uint8, at, stride, n int, bit uint8) {
	last := -1
	for k := range n {
		if mask[at+k*stride]&1 == 0 {
			continue
		}
		if last >= 0 && k-last-1 <= gap {
			for j := last + 1; j < k; j++ {
				mask[at+j*stride] |= bit
			}
		}
		last = k
	}
}
