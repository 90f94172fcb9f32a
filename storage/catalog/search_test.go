package catalog_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/catalog"
)

// walker is an event of a thing that goes straight from one place to another.
func walker(n int, camera shouwang.CameraID, at time.Time, from, to shouwang.Point, size float64) shouwang.Event {
	e := shouwang.Event{
		ID: shouwang.EventID(fmt.Sprintf("e-%06d", n)), Camera: camera, Kind: shouwang.KindMotion, Phase: shouwang.PhaseEnd,
		Start: at, Peak: at.Add(time.Second), End: at.Add(4 * time.Second), Score: 0.9,
	}
	for i := range 9 {
		k := float64(i) / 8
		x, y := from[0]+(to[0]-from[0])*k, from[1]+(to[1]-from[1])*k
		e.Track = append(e.Track, shouwang.TrackPoint{At: at.Add(time.Duration(i) * 500 * time.Millisecond), Box: shouwang.Box{x - size/2, y - size/2, size, size}})
	}
	e.Box = e.Track[4].Box
	return e
}

func keep(t testing.TB, db *catalog.DB, events ...shouwang.Event) {
	t.Helper()
	for _, e := range events {
		if err := db.PutEvent(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func idsOf(list []catalog.StoredEvent) []shouwang.EventID {
	out := []shouwang.EventID{}
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

func TestSearchByWhatWhereAndWhither(t *testing.T) {
	db := open(t)
	person := walker(1, "a", start, shouwang.Point{0.1, 0.5}, shouwang.Point{0.9, 0.5}, 0.1) // to the right, through the middle
	person.Label = "person"
	car := walker(2, "a", start.Add(time.Minute), shouwang.Point{0.9, 0.2}, shouwang.Point{0.1, 0.2}, 0.3) // to the left, along the top
	car.Kind = shouwang.KindVehicle
	cat := walker(3, "b", start.Add(2*time.Minute), shouwang.Point{0.5, 0.1}, shouwang.Point{0.5, 0.9}, 0.05) // downwards
	still := walker(4, "b", start.Add(3*time.Minute), shouwang.Point{0.2, 0.2}, shouwang.Point{0.2, 0.2}, 0.1)
	keep(t, db, person, car, cat, still)
	both := []shouwang.CameraID{"a", "b"}
	middle := shouwang.Polygon{{0.45, 0.4}, {0.55, 0.4}, {0.55, 0.7}, {0.45, 0.7}}
	for name, c := range map[string]struct {
		q    catalog.EventSearch
		want []shouwang.EventID
	}{
		"all, latest first":       {catalog.EventSearch{Cameras: both}, []shouwang.EventID{still.ID, cat.ID, car.ID, person.ID}},
		"no camera, nothing":      {catalog.EventSearch{}, nil},
		"one camera":              {catalog.EventSearch{Cameras: both[:1]}, []shouwang.EventID{car.ID, person.ID}},
		"labelled or of the kind": {catalog.EventSearch{Cameras: both, Kinds: []shouwang.EventKind{shouwang.KindVehicle}, Labels: []string{"person"}}, []shouwang.EventID{car.ID, person.ID}},
		"time":                    {catalog.EventSearch{Cameras: both, Span: shouwang.Span{From: start.Add(time.Minute), To: start.Add(3 * time.Minute)}}, []shouwang.EventID{cat.ID, car.ID}},
		"large":                   {catalog.EventSearch{Cameras: both, MinArea: 0.05}, []shouwang.EventID{car.ID}},
		"small":                   {catalog.EventSearch{Cameras: both, MaxArea: 0.005}, []shouwang.EventID{cat.ID}},
		"right":                   {catalog.EventSearch{Cameras: both, Headings: []catalog.Heading{catalog.HeadingRight}}, []shouwang.EventID{person.ID}},
		"left or down":            {catalog.EventSearch{Cameras: both, Headings: []catalog.Heading{catalog.HeadingLeft, catalog.HeadingDown}}, []shouwang.EventID{cat.ID, car.ID}},
		"up":                      {catalog.EventSearch{Cameras: both, Headings: []catalog.Heading{catalog.HeadingUp}}, nil},
		"through the middle":      {catalog.EventSearch{Cameras: both, Region: middle}, []shouwang.EventID{cat.ID, person.ID}},
	} {
		got, more, err := db.Search(t.Context(), c.q)
		if err != nil || more || !slices.Equal(idsOf(got), append([]shouwang.EventID{}, c.want...)) {
			t.Errorf("%s: %v %v %v, want %v", name, idsOf(got), more, err, c.want)
		}
	}
}

func TestSearchPagesWithoutLossOrRepetition(t *testing.T) {
	db := open(t)
	var cameras []shouwang.CameraID
	for n := range 60 {
		camera := shouwang.CameraID("cam-" + strconv.Itoa(n%4))
		if n < 4 {
			cameras = append(cameras, camera)
		}
		// Two begin together each time.
		keep(t, db, walker(n, camera, start.Add(time.Duration(n/2)*time.Second), shouwang.Point{0.1, 0.5}, shouwang.Point{0.9, 0.5}, 0.1))
	}
	var all []shouwang.EventID
	for before := shouwang.EventID(""); ; {
		page, more, err := db.Search(t.Context(), catalog.EventSearch{Cameras: cameras, Before: before, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, idsOf(page)...)
		if !more {
			break
		}
		before = page[len(page)-1].ID
	}
	if len(all) != 60 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 60 || !slices.IsSortedFunc(all, func(a, b shouwang.EventID) int { return -compare(a, b) }) {
		t.Errorf("%d events over the pages: %v", len(all), all)
	}
}

func compare(a, b shouwang.EventID) int {
	if a < b {
		return -1
	}
	return 1
}

// What the index says of movement must never hide what the track itself says:
// for random ways and regions, a search finds what going through every event
// finds. Half of the rows are from before the index knew of movement.
func TestSearchFindsWhatLookingAtEveryEventFinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	db, err := catalog.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	random := rand.New(rand.NewPCG(7, 7))
	point := func() shouwang.Point { return shouwang.Point{random.Float64(), random.Float64()} }
	var all []shouwang.Event
	for n := range 300 {
		e := walker(n, "a", start.Add(time.Duration(n)*time.Second), point(), point(), 0.02+0.3*random.Float64())
		if n%5 == 0 {
			e.Track = e.Track[:n%3]
		}
		all = append(all, e)
	}
	keep(t, db, all...)
	forget(t, path)
	for range 60 {
		a, b, c := point(), point(), point()
		q := catalog.EventSearch{Cameras: []shouwang.CameraID{"a"}, Limit: 1000, Region: shouwang.Polygon{a, b, c}}
		got, _, err := db.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		found := map[shouwang.EventID]bool{}
		for _, e := range got {
			found[e.ID] = true
		}
		for i := range all {
			for _, p := range all[i].Track {
				x, y := p.Box.Center()
				if q.Region.Contains(x, y) && !found[all[i].ID] {
					t.Fatalf("%s was at %.3f,%.3f in %v and was not found", all[i].ID, x, y, q.Region)
				}
			}
		}
	}
}

// forget takes away, of every other row, what the search's columns hold.
func forget(t *testing.T, path string) {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+path)
	if err == nil {
		_, err = raw.Exec(`UPDATE events SET area=NULL, dx=NULL, dy=NULL, cells=NULL WHERE rowid % 2 = 0`)
	}
	if err == nil {
		err = raw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestActivityCountsByStep(t *testing.T) {
	db := open(t)
	for n := range 20 {
		keep(t, db, walker(n, "a", start.Add(time.Duration(n)*time.Minute), shouwang.Point{0.1, 0.5}, shouwang.Point{0.9, 0.5}, 0.1))
	}
	got, err := db.Activity(t.Context(), catalog.EventSearch{
		Cameras: []shouwang.CameraID{"a", "quiet"}, Span: shouwang.Span{From: start.Add(time.Minute), To: start.Add(16 * time.Minute)},
	}, 4*time.Minute)
	if err != nil || !slices.Equal(got["a"], []int{4, 4, 4, 3}) || !slices.Equal(got["quiet"], make([]int, 4)) {
		t.Errorf("%v %v", got, err)
	}
}

func TestCoverJoinsSegmentsAndTellsErasedFromGaps(t *testing.T) {
	db := open(t)
	for i := range 6 {
		if i != 3 {
			put(t, db, segment("a", start.Add(time.Duration(i)*time.Minute)))
		}
	}
	gap := shouwang.Gap{Camera: "a", Span: shouwang.Span{From: start.Add(3 * time.Minute), To: start.Add(4 * time.Minute)}, Cause: shouwang.GapOffline}
	if err := db.PutGap(t.Context(), shouwang.StreamMain, gap); err != nil {
		t.Fatal(err)
	}
	gone, err := db.Segments(t.Context(), "a", "", shouwang.Span{From: start, To: start.Add(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Erase(t.Context(), gone, "expired", "d", start); err != nil {
		t.Fatal(err)
	}
	c, err := db.Cover(t.Context(), "a", shouwang.Span{From: start.Add(30 * time.Second), To: start.Add(5*time.Minute + 30*time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	at := func(m float64) time.Time { return start.Add(time.Duration(m * float64(time.Minute))) }
	want := catalog.Cover{
		Recorded: []shouwang.Span{{From: at(1), To: at(3)}, {From: at(4), To: at(5.5)}},
		Erased:   []shouwang.Span{{From: at(0.5), To: at(1)}},
	}
	if !slices.Equal(c.Recorded, want.Recorded) || !slices.Equal(c.Erased, want.Erased) || len(c.Gaps) != 1 || c.Gaps[0].Cause != shouwang.GapOffline {
		t.Errorf("%+v", c)
	}
	stamps, err := db.Stamps(t.Context(), "a", shouwang.Span{From: start, To: at(6)})
	if err != nil || len(stamps) != 1 || stamps[0].Offset != -time.Second || stamps[0].Source != shouwang.StampSenderReport {
		t.Errorf("%+v %v", stamps, err)
	}
}

// The speed of a search in a town's month: SHOUWANG_SEARCH_EVENTS=1000000 is
// what docs/performance.md tells; without it a small one runs, which shows
// that the index alone is read where nothing matches.
func TestSearchSpeed(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("SHOUWANG_SEARCH_EVENTS"))
	limit := time.Hour
	if n == 0 {
		n, limit = 2000, 20*time.Second
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "catalog.db")
	db, err := catalog.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	month := 30 * 24 * time.Hour
	cameras := fill(t, path, n, month)
	day := shouwang.Span{From: start.Add(10 * 24 * time.Hour), To: start.Add(11 * 24 * time.Hour)}
	region := shouwang.Polygon{{0.4, 0.4}, {0.6, 0.4}, {0.6, 0.6}, {0.4, 0.6}}
	for _, c := range []struct {
		name string
		run  func(ctx context.Context) (int, error)
	}{
		{"latest 100 of all cameras", counted(db, catalog.EventSearch{Cameras: cameras})},
		{"a day, all cameras, persons through a region", counted(db, catalog.EventSearch{Cameras: cameras, Span: day, Labels: []string{"person"}, Region: region})},
		{"the month, all cameras, large things leftwards through a region", counted(db, catalog.EventSearch{Cameras: cameras, MinArea: 0.08, Headings: []catalog.Heading{catalog.HeadingLeft}, Region: region})},
		{"the month, all cameras, nothing matches", counted(db, catalog.EventSearch{Cameras: cameras, MinArea: 0.99})},
		{"the day's activity of all cameras in 96 steps", func(ctx context.Context) (int, error) {
			got, err := db.Activity(ctx, catalog.EventSearch{Cameras: cameras, Span: day}, 15*time.Minute)
			return len(got), err
		}},
	} {
		began := time.Now()
		found, err := c.run(t.Context())
		took := time.Since(began)
		t.Logf("%d events, %s: %d found in %s", n, c.name, found, took.Round(100*time.Microsecond))
		if err != nil || took > limit {
			t.Errorf("%s: %v after %s", c.name, err, took)
		}
	}
}

func counted(db *catalog.DB, q catalog.EventSearch) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		got, _, err := db.Search(ctx, q)
		return len(got), err
	}
}

// fill writes n random events of a hundred cameras with one statement each in
// one transaction, through the catalog's own columns.
func fill(t *testing.T, path string, n int, over time.Duration) []shouwang.CameraID {
	t.Helper()
	raw, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	tx, err := raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	insert, err := tx.Prepare(`INSERT INTO events (id, camera, kind, phase, from_ns, to_ns, body, label, area, dx, dy, cells) VALUES (?,?,?,'end',?,?,?,?,?,?,?,?)`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = insert.Close() }()
	random := rand.New(rand.NewPCG(1, 2))
	point := func() shouwang.Point { return shouwang.Point{random.Float64(), random.Float64()} }
	var cameras []shouwang.CameraID
	for i := range 100 {
		cameras = append(cameras, shouwang.CameraID(fmt.Sprintf("cam-%03d", i)))
	}
	for i := range n {
		a, b, size := point(), point(), 0.05+0.3*random.Float64()
		e := walker(i, cameras[random.IntN(100)], start.Add(time.Duration(float64(over)*float64(i)/float64(n))), a, b, size)
		e.Label = []string{"", "person", "vehicle"}[random.IntN(3)]
		body, _ := json.Marshal(e)
		area, dx, dy, cells := catalog.ShapeForTest(&e)
		if _, err := insert.Exec(e.ID, e.Camera, e.Kind, e.Start.UnixNano(), e.End.UnixNano(), body, e.Label, area, dx, dy, cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return cameras
}
