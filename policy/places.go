package policy

import (
	"slices"
	"strings"

	"shouwang"
)

// PlacesEdit changes the tree of places: what is put is added or replaces what
// has its id, what is removed goes with nothing left under it.
type PlacesEdit struct {
	Put    []shouwang.Place   `json:"put,omitempty"`
	Remove []shouwang.PlaceID `json:"remove,omitempty"`
}

// The kinds of PlaceChange; one place may have several.
const (
	PlaceAdded   = "added"
	PlaceRenamed = "renamed"
	PlaceMoved   = "moved"   // under another place
	PlaceRelevel = "relevel" // another kind: a grid becomes a community
	PlaceOutline = "outline"
	PlaceRemoved = "removed"
)

// PlaceChange is what happens to one place.
type PlaceChange struct {
	What   string          `json:"what" enum:"added,renamed,moved,relevel,outline,removed"`
	Place  shouwang.Place  `json:"place" doc:"As it is to be; as it was where it is removed"`
	Before *shouwang.Place `json:"before,omitempty"`
}

// PlaceRefusal says why an edit cannot be: a place, and who or what would hang
// in the air.
type PlaceRefusal struct {
	Code   string           `json:"code" enum:"id,kind,parent,loop,outline,unknown,children,camera,person,household,nothing"`
	Place  shouwang.PlaceID `json:"place,omitempty"`
	Who    string           `json:"who,omitempty" doc:"Camera, person or unit"`
	Name   string           `json:"name,omitempty"`
	NameEn string           `json:"name_en,omitempty"`
}

// PlaceCamera is a camera whose place is, or lies in, one that is moved or is of another kind.
type PlaceCamera struct {
	ID       string           `json:"id"`
	Name     string           `json:"name,omitempty"`
	NameEn   string           `json:"name_en,omitempty"`
	Place    shouwang.PlaceID `json:"place"`
	Consents int              `json:"consents" doc:"Consents in force"`
	Bounds   int              `json:"bounds" doc:"Of these, whose owner bounded lookers to an area that is another now"`
}

// PlaceGain is what somebody could reach more after an edit.
type PlaceGain struct {
	Who     string `json:"who"`
	Name    string `json:"name,omitempty"`
	NameEn  string `json:"name_en,omitempty"`
	What    string `json:"what" enum:"jurisdiction,impartial,area,cell,owner,filing"`
	Cameras int    `json:"cameras"`
}

// PlacesPlan is what an edit would do. Nothing may be done while anything is
// refused; what gives somebody more takes two people.
type PlacesPlan struct {
	Changes []PlaceChange  `json:"changes"`
	Refused []PlaceRefusal `json:"refused"`
	Cameras []PlaceCamera  `json:"cameras"`
	Gains   []PlaceGain    `json:"gains"`
}

// PlanPlaces says what an edit of the tree would do, without doing it.
func (w *World) PlanPlaces(e PlacesEdit) *PlacesPlan {
	p := &PlacesPlan{Changes: []PlaceChange{}, Refused: []PlaceRefusal{}, Cameras: []PlaceCamera{}, Gains: []PlaceGain{}}
	next := w.edited(e, p)
	if len(p.Refused) == 0 && len(p.Changes) == 0 {
		p.refuse("nothing", "", "", "", "")
	}
	if len(p.Refused) > 0 {
		return p
	}
	after := w.clone()
	after.places = next
	structure := slices.ContainsFunc(p.Changes, func(c PlaceChange) bool { return c.What == PlaceMoved || c.What == PlaceRelevel })
	if structure {
		w.affected(after, p)
	}
	return p
}

func (p *PlacesPlan) refuse(code string, place shouwang.PlaceID, who, name, nameEn string) {
	p.Refused = append(p.Refused, PlaceRefusal{Code: code, Place: place, Who: who, Name: name, NameEn: nameEn})
}

// listed returns the tree as a list in the order of ids.
func listed(ps shouwang.Places) []shouwang.Place {
	out := make([]shouwang.Place, 0, len(ps))
	for _, p := range ps {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b shouwang.Place) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// EditTo is the edit that makes the tree what a file lists: what it leaves out
// stays, or goes where missing says so. What the file says anew and alike is
// left out.
func (w *World) EditTo(list []shouwang.Place, missing bool) PlacesEdit {
	var e PlacesEdit
	named := map[shouwang.PlaceID]bool{}
	for _, p := range list {
		if old, known := w.places[p.ID]; named[p.ID] || !known || !samePlace(old, p) || old.Name != p.Name || old.NameEn != p.NameEn || !slices.Equal(old.Outline, p.Outline) {
			e.Put = append(e.Put, p)
		}
		named[p.ID] = true
	}
	for _, p := range listed(w.places) {
		if missing && !named[p.ID] {
			e.Remove = append(e.Remove, p.ID)
		}
	}
	return e
}

// edited returns the tree after the edit, and notes changes and refusals.
func (w *World) edited(e PlacesEdit, p *PlacesPlan) shouwang.Places {
	next := make(shouwang.Places, len(w.places)+len(e.Put))
	for id, place := range w.places {
		next[id] = place
	}
	put := map[shouwang.PlaceID]bool{}
	for _, place := range e.Put {
		old, known := w.places[place.ID]
		switch {
		case put[place.ID] || !known && !shouwang.CameraID(place.ID).Valid():
			p.refuse("id", place.ID, "", "", "")
		case strings.TrimSpace(place.Kind) == "":
			p.refuse("kind", place.ID, "", "", "")
		}
		put[place.ID] = true
		next[place.ID] = place
		p.compare(old, place, known)
	}
	for _, id := range e.Remove {
		old, known := next[id]
		if !known || put[id] {
			p.refuse("unknown", id, "", "", "")
			continue
		}
		delete(next, id)
		p.Changes = append(p.Changes, PlaceChange{What: PlaceRemoved, Place: old})
	}
	p.tree(next, e.Remove)
	w.orphans(next, p)
	return next
}

func (p *PlacesPlan) compare(old, place shouwang.Place, known bool) {
	add := func(is bool, what string) {
		if is {
			p.Changes = append(p.Changes, PlaceChange{What: what, Place: place, Before: &old})
		}
	}
	if !known {
		p.Changes = append(p.Changes, PlaceChange{What: PlaceAdded, Place: place})
		return
	}
	add(old.Parent != place.Parent, PlaceMoved)
	add(old.Kind != place.Kind, PlaceRelevel)
	add(old.Name != place.Name || old.NameEn != place.NameEn, PlaceRenamed)
	add(!slices.Equal(old.Outline, place.Outline), PlaceOutline)
}

// tree looks at the form of the whole.
func (p *PlacesPlan) tree(next shouwang.Places, removed []shouwang.PlaceID) {
	bad := len(p.Refused)
	for _, place := range listed(next) {
		if _, ok := next[place.Parent]; place.Parent == "" || ok {
			continue
		}
		if slices.Contains(removed, place.Parent) {
			p.refuse("children", place.Parent, string(place.ID), place.Name, place.NameEn)
		} else {
			p.refuse("parent", place.ID, string(place.Parent), "", "")
		}
	}
	for _, c := range p.Changes {
		at := c.Place
		for range len(next) {
			at = next[at.Parent]
		}
		if c.What == PlaceMoved && at.ID != "" {
			p.refuse("loop", c.Place.ID, "", "", "")
		}
		if one := c.Place; c.What != PlaceRemoved {
			one.Parent = ""
			if _, err := shouwang.NewPlaces([]shouwang.Place{one}); err != nil && one.ID != "" {
				p.refuse("outline", one.ID, "", "", "")
			}
		}
	}
	if _, err := shouwang.NewPlaces(listed(next)); err != nil && len(p.Refused) == bad {
		p.refuse("loop", "", "", "", "") // what no change of this edit explains
	}
}

// orphans names what stands at a place that would be gone.
func (w *World) orphans(next shouwang.Places, p *PlacesPlan) {
	gone := func(id shouwang.PlaceID) bool {
		_, stays := next[id]
		return id != "" && id != elsewhere && !stays
	}
	for _, c := range sorted(w.cameras) {
		if gone(c.Place) {
			p.refuse("camera", c.Place, c.ID, c.Name, c.NameEn)
		}
	}
	for _, who := range sorted(w.principals) {
		for _, id := range []shouwang.PlaceID{who.Jurisdiction, who.HomeGrid, who.Home} {
			if gone(id) {
				p.refuse("person", id, who.ID, who.Name, who.NameEn)
				break
			}
		}
	}
	for _, u := range sorted(w.units) {
		if at := slices.IndexFunc(u.Households, gone); at >= 0 {
			p.refuse("household", u.Households[at], u.ID, u.Name, u.NameEn)
		}
	}
}
