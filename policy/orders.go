package policy

import "time"

// OrdersOn returns the statutory orders in force at the time given that name
// the camera ("camera:door-17"), sorted by id.
func (w *World) OrdersOn(camera string, at time.Time) []*Order {
	var out []*Order
	for _, o := range sorted(w.orders) {
		if o.InForce(at) && contains(o.Cameras, camera) {
			out = append(out, o)
		}
	}
	return out
}

// Orders returns all statutory orders, sorted by id.
func (w *World) Orders() []*Order { return sorted(w.orders) }
