package shouwang

// Box is a rectangle in fractions of the picture's width and height: left,
// top, width, height, each in 0..1.
type Box [4]float64

// Center returns the middle of the box.
func (b Box) Center() (x, y float64) { return b[0] + b[2]/2, b[1] + b[3]/2 }

// Area returns the share of the picture the box covers, 0..1.
func (b Box) Area() float64 { return max(0, b[2]) * max(0, b[3]) }

// Union returns the smallest box around both; an empty box adds nothing.
func (b Box) Union(o Box) Box {
	if b.Area() == 0 {
		return o
	}
	if o.Area() == 0 {
		return b
	}
	x, y := min(b[0], o[0]), min(b[1], o[1])
	return Box{x, y, max(b[0]+b[2], o[0]+o[2]) - x, max(b[1]+b[3], o[1]+o[3]) - y}
}

// IoU returns intersection over union, 0..1.
func (b Box) IoU(o Box) float64 {
	w := min(b[0]+b[2], o[0]+o[2]) - max(b[0], o[0])
	h := min(b[1]+b[3], o[1]+o[3]) - max(b[1], o[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (b.Area() + o.Area() - w*h)
}

// Point is a place in the picture in fractions of width and height.
type Point [2]float64

// Polygon is a closed area of the picture; the last point joins the first.
type Polygon []Point

// Contains reports whether the point lies inside (even-odd rule).
func (p Polygon) Contains(x, y float64) bool {
	in := false
	for i, j := 0, len(p)-1; i < len(p); j, i = i, i+1 {
		a, b := p[i], p[j]
		if (a[1] > y) != (b[1] > y) && x < (b[0]-a[0])*(y-a[1])/(b[1]-a[1])+a[0] {
			in = !in
		}
	}
	return in
}
