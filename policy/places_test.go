package policy_test

import (
	"slices"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
)

const treeWorld = `{"timezone":"Asia/Shanghai","purposes":["public_safety"],"audiences":["dispatch-centre"],
 "places":[{"id":"town","kind":"township","parent":""},{"id":"east","kind":"community","parent":"town","name":"东"},{"id":"west","kind":"community","parent":"town"},
  {"id":"g1","kind":"grid","parent":"east"},{"id":"h1","kind":"building","parent":"g1"},{"id":"h2","kind":"building","parent":"g1"},{"id":"empty","kind":"grid","parent":"west"},
  {"id":"h3","kind":"building","parent":"east"},{"id":"h4","kind":"building","parent":"east"},{"id":"h5","kind":"building","parent":"east"}],
 "units":[{"id":"cell-1","kind":"cell","guardian":"resident:gao","households":["h1","h2","h3","h4","h5"]}],
 "principals":[{"id":"officer:west","type":"officer","name":"Wei","roles":["dispatcher"],"jurisdiction":"west","home_grid":"g1"},
  {"id":"officer:town","type":"officer","roles":["dispatcher"],"jurisdiction":"town"},
  {"id":"resident:gao","type":"resident","home":"h2"},{"id":"admin:ops","type":"administrator"}],
 "cameras":[{"id":"camera:door","name":"Door","place":"h1","position":[25.7,103.8],"legal_class":"resident","mount":"own_premises","owner":"resident:gao","sign":true,
  "consents":[{"consent_id":"c-1","version":1,"camera":"camera:door","purpose":"public_safety","state":"given","basis":"consent","modes":["live"],"audiences":["dispatch-centre","cell-1"],"area_scope":"community",
   "slots":["mon-06"],"not_before":"2026-11-01T00:00:00+08:00","not_after":"2027-10-01T00:00:00+08:00"}]}]}`

func treeOf(t *testing.T) *policy.World {
	t.Helper()
	w, err := policy.LoadWorld(strings.NewReader(treeWorld))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func place(id, kind, parent string, name ...string) shouwang.Place {
	return shouwang.Place{ID: shouwang.PlaceID(id), Kind: kind, Parent: shouwang.PlaceID(parent), Name: strings.Join(name, "")}
}

func put(p ...shouwang.Place) policy.PlacesEdit { return policy.PlacesEdit{Put: p} }

func remove(ids ...shouwang.PlaceID) policy.PlacesEdit { return policy.PlacesEdit{Remove: ids} }

func TestAPlanRefusesWhatWouldHangInTheAir(t *testing.T) {
	for name, row := range map[string]struct {
		edit policy.PlacesEdit
		want string
	}{
		"a camera's house":     {remove("h1"), "camera household"},
		"somebody's home":      {remove("h2"), "household person"},
		"an area":              {remove("west", "empty"), "person"},
		"what has places":      {remove("east"), "children"},
		"a parent that is not": {put(place("g2", "grid", "north")), "parent"},
		"under itself":         {put(place("town", "township", "h1")), "loop"},
		"a nameless level":     {put(place("g2", " ", "east")), "kind"},
		"an id nobody types":   {put(place("G 2", "grid", "east")), "id"},
		"one place twice":      {put(place("g2", "grid", "east"), place("g2", "grid", "west")), "id"},
		"what is not there":    {remove("north"), "unknown"},
		"an outline of a line": {put(shouwang.Place{ID: "empty", Kind: "grid", Parent: "west", Outline: [][2]float64{{25, 103}, {25, 104}}}), "outline"},
		"nothing":              {put(place("west", "community", "town")), "nothing"},
	} {
		var got []string
		for _, r := range treeOf(t).PlanPlaces(row.edit).Refused {
			got = append(got, r.Code)
		}
		slices.Sort(got)
		if strings.Join(slices.Compact(got), " ") != row.want {
			t.Errorf("%s: refused %v, want %s", name, got, row.want)
		}
	}
}

func TestAPlanSaysWhoReachesMore(t *testing.T) {
	for name, row := range map[string]struct {
		edit policy.PlacesEdit
		what string // changes
		more string // gains
		cams int
	}{
		"a new place":             {put(place("g2", "grid", "east")), "added", "", 0},
		"another name":            {put(place("east", "community", "town", "东村")), "renamed", "", 0},
		"an empty place":          {remove("empty"), "removed", "", 0},
		"a grid to another place": {put(place("g1", "grid", "west")), "moved", "officer:west area, officer:west jurisdiction", 1},
		// The officer who lives in g1 may approve there once its house is elsewhere.
		"a house out of a grid": {put(place("h1", "building", "east")), "moved", "officer:west impartial", 1},
		// What the owner bounded to the community is the whole town's.
		"a community above":  {put(place("town", "community", ""), place("east", "village", "town", "东")), "relevel relevel", "officer:town area, officer:west area", 1},
		"a place of nothing": {put(place("empty", "grid", "east")), "moved", "", 0},
	} {
		p := treeOf(t).PlanPlaces(row.edit)
		var what, more []string
		for _, c := range p.Changes {
			what = append(what, c.What)
		}
		for _, g := range p.Gains {
			more = append(more, g.Who+" "+g.What)
		}
		if len(p.Refused) > 0 || strings.Join(what, " ") != row.what || strings.Join(more, ", ") != row.more || len(p.Cameras) != row.cams {
			t.Errorf("%s: %v, more %q, cameras %+v, refused %+v", name, what, more, p.Cameras, p.Refused)
		}
	}
	if p := treeOf(t).PlanPlaces(put(place("g1", "grid", "west"))); p.Cameras[0].Consents != 1 || p.Cameras[0].Bounds != 1 {
		t.Errorf("the consent bounded to another area now: %+v", p.Cameras)
	}
}
