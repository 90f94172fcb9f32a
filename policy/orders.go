package policy

import "time"

// OrdersOn returns the statutory orders in force at the time given that name
// the camera ("camera:door-17"), sorted by id.
func (w *World) OrdersOn(camera string, at time.Time) []*Order {
	var out []*Order
	for _, o := range sorted(w.orders) {
		if !at.Before(o.ValidFrom) && at.Before(o.ValidTo) && contains(o.Cameras, camera) {
			out = append(out, o)
		}
	}
	return out
}
