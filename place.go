package shouwang

import "fmt"

// PlaceID names a place.
type PlaceID string

// Place is a node of the township's tree: district, township, community, grid,
// building, or whatever levels a town has. Levels are data: three in one town,
// five in another.
type Place struct {
	ID     PlaceID `json:"id"`
	Kind   string  `json:"kind"`
	Parent PlaceID `json:"parent"`
	Name   string  `json:"name,omitempty"`
	NameEn string  `json:"name_en,omitempty"`
	// Outline is the place's border as a ring of [latitude, longitude] in
	// degrees, for the map; empty when nobody drew it. No rule looks at it.
	Outline [][2]float64 `json:"outline,omitempty"`
}

// maxOutline bounds the corners of an outline.
const maxOutline = 2000

// checkOutline reports what is wrong with the place's border.
func (p *Place) checkOutline() error {
	if n := len(p.Outline); n != 0 && (n < 3 || n > maxOutline) {
		return fmt.Errorf("place %q: its outline has %d corners; draw 3 to %d", p.ID, n, maxOutline)
	}
	for _, c := range p.Outline {
		if !(Position{Lat: c[0], Lon: c[1]}).Valid() {
			return fmt.Errorf("place %q: outline corner %v is not on the earth; write [latitude, longitude] in degrees", p.ID, c)
		}
	}
	return nil
}

// Places is a tree of places by id.
type Places map[PlaceID]Place

// NewPlaces checks that ids are unique, parents exist and no place is its own
// ancestor, and returns the tree.
func NewPlaces(list []Place) (Places, error) {
	tree := make(Places, len(list))
	for _, p := range list {
		if _, twice := tree[p.ID]; twice || p.ID == "" {
			return nil, fmt.Errorf("place %q: id is empty or used twice", p.ID)
		}
		if err := p.checkOutline(); err != nil {
			return nil, err
		}
		tree[p.ID] = p
	}
	for _, p := range list {
		at, steps := p, 0
		for ; at.Parent != "" && steps <= len(list); steps++ {
			parent, ok := tree[at.Parent]
			if !ok {
				return nil, fmt.Errorf("place %q: parent %q does not exist", at.ID, at.Parent)
			}
			at = parent
		}
		if steps > len(list) {
			return nil, fmt.Errorf("place %q: is its own ancestor", p.ID)
		}
	}
	return tree, nil
}

// Within reports whether place lies in (or is) area. Unknown places lie
// nowhere.
func (ps Places) Within(place, area PlaceID) bool {
	for range len(ps) + 1 {
		p, ok := ps[place]
		if !ok {
			return false
		}
		if place == area {
			return true
		}
		place = p.Parent
	}
	return false
}

// Ancestor returns the place itself or its nearest ancestor of the kind asked,
// or false.
func (ps Places) Ancestor(place PlaceID, kind string) (Place, bool) {
	for range len(ps) + 1 {
		p, ok := ps[place]
		if !ok {
			return Place{}, false
		}
		if p.Kind == kind {
			return p, true
		}
		place = p.Parent
	}
	return Place{}, false
}
