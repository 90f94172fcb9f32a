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
