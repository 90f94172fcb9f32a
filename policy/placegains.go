package policy

import (
	"cmp"
	"slices"
	"strings"

	"shouwang"
)

// affected finds the cameras that lie elsewhere in the tree after an edit, and
// what anybody could reach more. Only such a camera can be nearer to somebody,
// and an area reaches others only if it moved itself, which is looked at for all.
func (w *World) affected(after *World, p *PlacesPlan) {
	gains := map[PlaceGain]int{}
	for _, c := range sorted(w.cameras) {
		moved := w.path(c.Place) != after.path(c.Place)
		if moved {
			p.Cameras = append(p.Cameras, w.placeCamera(after, c, c))
		}
		for _, who := range w.principals {
			if who.Type == TypeService || who.Type == TypeAdministrator {
				continue
			}
			if moved || w.path(who.Jurisdiction) != after.path(who.Jurisdiction) || w.path(who.Home) != after.path(who.Home) {
				for _, what := range nearer(w, after, c, c, who) {
					gains[PlaceGain{Who: who.ID, Name: who.Name, NameEn: who.NameEn, What: what}]++
				}
			}
		}
	}
	for g, n := range gains {
		g.Cameras = n
		p.Gains = append(p.Gains, g)
	}
	slices.SortFunc(p.Gains, func(a, b PlaceGain) int {
		return cmp.Or(strings.Compare(a.Who, b.Who), strings.Compare(a.What, b.What))
	})
}

// path is a place and all above it with their kinds, as one comparable word.
func (w *World) path(id shouwang.PlaceID) string {
	var b strings.Builder
	for range len(w.places) {
		p, ok := w.places[id]
		if !ok {
			break
		}
		b.WriteString(string(p.ID) + " " + p.Kind + "/")
		id = p.Parent
	}
	return b.String()
}

// placeCamera counts the consents of a camera, and those whose area is another
// after: was stands in the world, is in the one after.
func (w *World) placeCamera(after *World, was, is *camera) PlaceCamera {
	out := PlaceCamera{ID: was.ID, Name: was.Name, NameEn: was.NameEn, Place: is.Place}
	for _, consent := range was.current {
		if !consent.State.Live() && consent.State != Paused {
			continue
		}
		out.Consents++
		before, had := w.places.Ancestor(was.Place, consent.AreaScope)
		now, has := after.places.Ancestor(is.Place, consent.AreaScope)
		if had != has || before.ID != now.ID {
			out.Bounds++
		}
	}
	return out
}

// nearer names what the rules take from places (gate/scene.go,
// gate/scene_consent.go, cell.go) and would say of the person and the camera only
// after: was stands in the world, is in the one after.
func nearer(w, after *World, was, is *camera, who *Principal) (more []string) {
	add := func(name string, says func(*World, *camera) bool) {
		if !says(w, was) && says(after, is) {
			more = append(more, name)
		}
	}
	add("jurisdiction", func(x *World, c *camera) bool { return x.places.Within(c.Place, who.Jurisdiction) })
	add("impartial", func(x *World, c *camera) bool { return who.HomeGrid != "" && !x.places.Within(c.Place, who.HomeGrid) })
	from := who.Jurisdiction
	if who.Type == TypeResident {
		from = who.Home
	}
	for _, consent := range was.current {
		add("area", func(x *World, c *camera) bool {
			area, ok := x.places.Ancestor(c.Place, consent.AreaScope)
			return c.asksConsent() && ok && consent.AreaScope != "" && x.places.Within(from, area.ID)
		})
		add("cell", func(x *World, c *camera) bool { return c.asksConsent() && x.CellOf(who, c.Camera, consent) != nil })
	}
	slices.Sort(more)
	return slices.Compact(more)
}

// asksConsent reports a camera that others look at by its owner's consent only.
func (c *camera) asksConsent() bool { return c.LegalClass != shouwang.ClassPublic }
