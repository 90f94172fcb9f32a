package policy

import (
	"slices"
	"time"

	"shouwang"
)

// OrdersOn returns the statutory orders in force at the time given that name
// the camera ("camera:door-17"), sorted by id.
func (w *World) OrdersOn(camera string, at time.Time) []*Order {
	var out []*Order
	for _, o := range sorted(w.orders) {
		if o.InForce(at) && slices.Contains(o.Cameras, camera) {
			out = append(out, o)
		}
	}
	return out
}

// Orders returns all statutory orders, sorted by id.
func (w *World) Orders() []*Order { return sorted(w.orders) }

// Ordered says whether a statutory order in force asks for any of the span.
func (w *World) Ordered(camera string, span shouwang.Span, now time.Time) bool {
	for _, o := range w.orders {
		if o.InForce(now) && slices.Contains(o.Cameras, camera) && (shouwang.Span{From: o.From, To: o.To}).Overlaps(span) {
			return true
		}
	}
	return false
}

// Held reports whether a hold stands over any of the camera's span.
func (w *World) Held(camera string, span shouwang.Span, now time.Time) bool {
	for _, h := range w.heldOf[camera] {
		if h.Active(now) && h.Covers(camera, span) {
			return true
		}
	}
	return false
}

// HeldFor reports whether a hold of the case stands over any of the camera's span.
func (w *World) HeldFor(kase, camera string, span shouwang.Span, now time.Time) bool {
	for _, h := range w.heldOf[camera] {
		if h.Case == kase && h.Active(now) && h.Covers(camera, span) {
			return true
		}
	}
	return false
}
