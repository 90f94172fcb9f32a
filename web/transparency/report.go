package transparency

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
)

// few is the number below which a count could tell of single people: it is not
// shown for an area (the usual threshold of official statistics is 3 to 10).
const few = 5

// Cell is one count; without n it is hidden, because it or what could be
// reckoned from it is small.
type Cell struct {
	N *uint64 `json:"n,omitempty"`
}

// Counts are what a month held, as a report counts it.
type Counts struct {
	Looks     Cell `json:"looks" doc:"Times somebody was shown live or recorded pictures"`
	Exports   Cell `json:"exports" doc:"Times footage left the house"`
	Denials   Cell `json:"denials" doc:"Looks that were refused"`
	Overrides Cell `json:"overrides" doc:"Looks beyond the owner's everyday consent: under a statutory order, for a filmed person's request, or clear (unmasked)"`
	Deferred  Cell `json:"deferred" doc:"Looks of whose notice an approver or an order put off"`
}

// AreaCounts are one area's.
type AreaCounts struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
	Counts
}

// Report is a month of the access log, for the public.
type Report struct {
	Month    string            `json:"month"`
	From     time.Time         `json:"from"`
	To       time.Time         `json:"to"`
	Complete bool              `json:"complete" doc:"The month is over"`
	First    uint64            `json:"first" doc:"Place of the month's first entry in the log"`
	End      uint64            `json:"end" doc:"Place after the month's last entry"`
	Entries  uint64            `json:"entries" doc:"Entries of the month: end less first, and the sum of the kinds"`
	Kinds    map[string]uint64 `json:"kinds" doc:"Entries by kind, all of them"`
	Total    Counts            `json:"total"`
	Areas    []AreaCounts      `json:"areas"`
	// HiddenBelow is the number below which an area's count is not shown.
	HiddenBelow int    `json:"hidden_below"`
	Checkpoint  string `json:"checkpoint" doc:"Signed checkpoint that covers the month"`
	Key         string `json:"key" doc:"The log's public key"`
}

// Stretch is what Journal walked: places First to End and a checkpoint that
// covers them.
type Stretch struct {
	First, End uint64
	Checkpoint string
}

// Journal reads the log for whoever counts. Walk visits every entry from one
// moment to another, and fails with CodeTampered if one is not what stands in
// the public log. An erased entry has the kind "erased" and its former kind as
// detail.
type Journal interface {
	Walk(ctx context.Context, from, to time.Time, visit func(policy.Entry, uint64) error) (Stretch, error)
	// Notices returns the deferrals of notices and their ends.
	Notices(ctx context.Context, from, to time.Time) ([]policy.Numbered, error)
	Key() string
}

// Month returns the first moments of a month ("2026-11") and of the next, in
// the zone. CodeBadUsage for anything else.
func Month(text string, zone *time.Location) (from, to time.Time, err error) {
	from, err = time.ParseInLocation("2006-01", text, zone)
	if err != nil {
		return from, to, shouwang.Errorf(shouwang.CodeBadUsage, "month %q: write it as 2026-11", text)
	}
	return from, from.AddDate(0, 1, 0), nil
}

// Count makes the report of a month. level is the kind of place that areas are;
// empty for the level below the topmost.
func Count(ctx context.Context, j Journal, w *policy.World, month, level string, now time.Time) (*Report, error) {
	from, to, err := Month(month, w.Zone())
	if err != nil {
		return nil, err
	}
	t := &tally{world: w, level: level, kinds: map[string]uint64{}, areas: map[shouwang.PlaceID]*sums{}, exported: map[string]bool{}}
	if t.about, err = j.Notices(ctx, from.Add(-2*policy.LongestDeferral), to); err != nil {
		return nil, err
	}
	rng, err := j.Walk(ctx, from, to, t.entry)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Month: month, From: from, To: to, Complete: !now.Before(to), First: rng.First, End: rng.End, Kinds: t.kinds,
		HiddenBelow: few, Checkpoint: rng.Checkpoint, Key: j.Key(),
	}
	for _, n := range t.kinds {
		r.Entries += n
	}
	if r.Entries != rng.End-rng.First {
		return nil, shouwang.Errorf(shouwang.CodeTampered, "the report counts %d entries and the log has %d of %s: verify the log", r.Entries, rng.End-rng.First, month)
	}
	r.Total, r.Areas = t.tables()
	return r, nil
}

// sums are one area's counts in the order of Counts.
type sums [5]uint64

type tally struct {
	world    *policy.World
	level    string
	about    []policy.Numbered
	kinds    map[string]uint64
	total    sums
	areas    map[shouwang.PlaceID]*sums
	exported map[string]bool // decisions, for an export may have several entries
}

func (t *tally) entry(e policy.Entry, index uint64) error {
	kind := e.Kind
	if kind == "erased" {
		kind = e.Detail
	}
	t.kinds[kind]++
	add := func(column int) {
		t.total[column]++
		if area := t.area(e.Camera); area != "" {
			if t.areas[area] == nil {
				t.areas[area] = &sums{}
			}
			t.areas[area][column]++
		}
	}
	switch kind {
	case "denial":
		add(2)
		return nil
	case "look", "export":
	default:
		return nil
	}
	if kind == "look" {
		add(0)
	}
	if (kind == "export" || e.Action == policy.Export) && (e.DecisionID == "" || !t.exported[e.DecisionID]) {
		t.exported[e.DecisionID] = true
		add(1)
	}
	if e.Action == policy.Unmask || slices.Contains(e.Reasons, policy.ReasonOrder) || slices.Contains(e.Reasons, policy.ReasonSubjectRequest) {
		add(3)
	}
	if until, _ := policy.SealedUntil(policy.Numbered{Index: index, Entry: &e}, t.about); !until.IsZero() {
		add(4)
	}
	return nil
}

// area is where a camera counts: "" for none known any more.
func (t *tally) area(camera string) shouwang.PlaceID {
	cam, ok := t.world.Camera(camera)
	if !ok {
		return ""
	}
	places, at := t.world.Places(), cam.Place
	for {
		p, ok := places[at]
		if !ok {
			return ""
		}
		parent, inside := places[p.Parent]
		if !inside || t.level != "" && p.Kind == t.level || t.level == "" && parent.Parent == "" {
			return p.ID
		}
		at = p.Parent
	}
}

// tables writes the counts with small ones hidden. The total is exact: anybody
// reckons it from the log's size.
func (t *tally) tables() (total Counts, areas []AreaCounts) {
	ids := slices.Sorted(maps.Keys(t.areas))
	areas = make([]AreaCounts, len(ids))
	for i, id := range ids {
		p := t.world.Places()[id]
		areas[i] = AreaCounts{ID: string(id), Name: p.Name, NameEn: p.NameEn}
	}
	for column := range t.total {
		list := make([]uint64, len(ids))
		for i, id := range ids {
			list[i] = t.areas[id][column]
		}
		for i, c := range hide(list) {
			*areas[i].cell(column) = c
		}
		n := t.total[column]
		*total.cell(column) = Cell{N: &n}
	}
	return total, areas
}

func (c *Counts) cell(column int) *Cell {
	return []*Cell{&c.Looks, &c.Exports, &c.Denials, &c.Overrides, &c.Deferred}[column]
}

// hide leaves out counts from 1 to below few, and as many more, the smallest
// first, as it takes that what is left out together is not small either: the
// total is known, so one hidden count alone would be no secret.
func hide(list []uint64) []Cell {
	out := make([]Cell, len(list))
	order := make([]int, len(list))
	for i := range list {
		n := list[i]
		out[i], order[i] = Cell{N: &n}, i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(list[a], list[b]) })
	hidden, sum := 0, uint64(0)
	leave := func(i int) {
		out[i] = Cell{}
		hidden++
		sum += list[i]
	}
	for _, i := range order {
		if list[i] > 0 && list[i] < few {
			leave(i)
		}
	}
	if hidden == 0 {
		return out
	}
	for _, i := range order { // the next larger ones, and nought at last
		if (hidden < 2 || sum < few) && list[i] >= few {
			leave(i)
		}
	}
	for _, i := range order {
		if (hidden < 2 || sum < few) && list[i] == 0 && out[i].N != nil {
			leave(i)
		}
	}
	return out
}
