package policy

import (
	"maps"
	"strings"

	"shouwang"
)

// Changed returns the cameras whose answers may differ between two
// snapshots; [""] stands for any of them. Snapshots share what did not
// change, so that comparing pointers is enough and errs on the safe side.
func (w *World) Changed(next *World) []shouwang.CameraID {
	if w == next {
		return nil
	}
	if w.widely(next) {
		return []shouwang.CameraID{""}
	}
	var out []shouwang.CameraID
	for id, c := range next.cameras {
		if w.cameras[id] != c {
			out = append(out, c.CameraID())
		}
	}
	for id, c := range w.cameras {
		if _, still := next.cameras[id]; !still {
			out = append(out, c.CameraID())
		}
	}
	for id, h := range next.holds {
		if w.holds[id] != h {
			out = append(out, shouwang.CameraID(trimCamera(h.Camera)))
		}
	}
	return out
}

// widely says whether something changed that bears on many cameras.
func (w *World) widely(n *World) bool {
	return w.timezone != n.timezone || w.forced != n.forced || !maps.EqualFunc(w.places, n.places, samePlace) || !maps.Equal(w.principals, n.principals) ||
		!maps.Equal(w.cases, n.cases) || !maps.Equal(w.incidents, n.incidents) || !maps.Equal(w.orders, n.orders) ||
		!maps.Equal(w.subjects, n.subjects) || !sameStrings(w.purposes, n.purposes)
}

// samePlace compares what the rules look at: an outline is for the map.
func samePlace(a, b shouwang.Place) bool {
	return a.ID == b.ID && a.Kind == b.Kind && a.Parent == b.Parent && a.Name == b.Name && a.NameEn == b.NameEn
}

func sameStrings(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func trimCamera(resource string) string { return strings.TrimPrefix(resource, cameraPrefix) }
