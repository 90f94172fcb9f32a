package policy

import "shouwang/policy/internal/forge"

func init() {
	forge.World = func(world, record any) any { return world.(*World).forged(record) }
}

// forged is the world with one record as no validation would let it in, for the
// tests of the gate: a *Camera, a *Principal, the view gate's word, or nil for
// no hold at all.
func (w *World) forged(record any) *World {
	next := w.clone()
	switch r := record.(type) {
	case *Camera:
		next.cameras = put(w.cameras, r.ID, indexCamera(r))
	case *Principal:
		next.principals = put(w.principals, r.ID, r)
	case string:
		next.forced = r == ViewGateRequired
	case nil:
		next.heldOf = nil
	}
	return next
}
