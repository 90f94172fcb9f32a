package catalog

import "shouwang"

// ShapeForTest is what PutEvent keeps of an event's movement.
func ShapeForTest(e *shouwang.Event) (area, dx, dy float64, cells int64) {
	s := shapeOf(e)
	return s.area, s.dx, s.dy, s.cells
}
