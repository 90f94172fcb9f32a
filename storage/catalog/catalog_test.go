package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage"
	"shouwang/storage/catalog"
)

var start = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func open(t testing.TB) *catalog.DB {
	t.Helper()
	db, err := catalog.Open(t.Context(), filepath.Join(t.TempDir(), "data", "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func segment(camera shouwang.CameraID, from time.Time) *storage.Segment {
	return &storage.Segment{
		ID: storage.NewSegmentID(from), Camera: camera, Stream: shouwang.StreamMain,
		Span:  shouwang.Span{From: from, To: from.Add(time.Minute)},
		Epoch: 3, Media: 12345,
		Params:  &shouwang.Params{Codec: shouwang.CodecH265, VPS: []byte{1}, SPS: []byte{2}, PPS: []byte{3}, Width: 640, Height: 360},
		Samples: []storage.Sample{{Offset: 900, Size: 100, PTS: 0, Duration: 30 * 90000, Key: true}, {Offset: 1000, Size: 50, DTS: 30 * 90000, PTS: 30 * 90000, Duration: 30 * 90000}},
		Plain:   1050, Size: 1200, KeyID: string(camera) + "/20261120/20/1", Wrapped: []byte("wrapped"), Grant: "g-1", Mode: "rolling",
		Expires: from.Add(7 * 24 * time.Hour), Offset: -time.Second, Uncertainty: 5 * time.Millisecond, Source: shouwang.StampSenderReport, State: storage.SegmentSpooled,
	}
}

func put(t testing.TB, db *catalog.DB, s *storage.Segment) *storage.Segment {
	t.Helper()
	if err := db.PutSegment(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSegmentComesBackAsItWas(t *testing.T) {
	db := open(t)
	s := put(t, db, segment("cam-a", start))
	got, err := db.Segment(t.Context(), s.ID)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Fatalf("%v\n%+v\n%+v", err, got, s)
	}
	again := *s
	again.Size = 1
	put(t, db, &again) // a repeated repair changes nothing
	if got, _ := db.Segment(t.Context(), s.ID); got.Size != 1200 {
		t.Fatal("a second row replaced the first")
	}
	if _, err := db.Segment(t.Context(), "none"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Fatal(err)
	}
	if ok, err := db.SetStored(t.Context(), s.ID); !ok || err != nil {
		t.Fatal(err)
	}
	if ok, _ := db.SetStored(t.Context(), s.ID); ok {
		t.Fatal("stored twice")
	}
}

func TestSegmentsOfASpan(t *testing.T) {
	db := open(t)
	for i := range 10 {
		put(t, db, segment("cam-a", start.Add(time.Duration(i)*time.Minute)))
		put(t, db, segment("cam-b", start.Add(time.Duration(i)*time.Minute)))
	}
	for _, c := range []struct {
		from, to time.Duration
		n        int
	}{{0, 10 * time.Minute, 10}, {90 * time.Second, 150 * time.Second, 2}, {time.Minute, 2 * time.Minute, 1}, {-time.Hour, 0, 0}, {10 * time.Minute, time.Hour, 0}} {
		got, err := db.Segments(t.Context(), "cam-a", "", shouwang.Span{From: start.Add(c.from), To: start.Add(c.to)})
		if err != nil || len(got) != c.n {
			t.Errorf("%s to %s: %d segments, want %d, %v", c.from, c.to, len(got), c.n, err)
		}
	}
	if got, _ := db.Segments(t.Context(), "cam-a", shouwang.StreamSub, shouwang.Span{}); len(got) != 0 {
		t.Error("another stream's segments came")
	}
	if bytes, err := db.BytesIn(t.Context(), "cam-a", shouwang.Span{From: start, To: start.Add(45 * time.Second)}); err != nil || bytes != 150 {
		t.Errorf("%d bytes, %v", bytes, err)
	}
	if last, err := db.LastSegment(t.Context(), "cam-a", shouwang.StreamMain); err != nil || !last.From.Equal(start.Add(9*time.Minute)) {
		t.Errorf("last %v, %v", last, err)
	}
}

func TestEraseIsNotedOnceAndForgetsTheKey(t *testing.T) {
	db := open(t)
	s := put(t, db, segment("cam-a", start))
	for range 2 {
		if err := db.Erase(t.Context(), []storage.Segment{*s}, "withdrawn", "d-1", start); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := db.Segment(t.Context(), s.ID)
	if got.State != storage.SegmentErased || len(got.Wrapped) != 0 || len(got.Samples) != 0 {
		t.Fatalf("%+v", got)
	}
	list, err := db.Deletions(t.Context(), "cam-a", shouwang.Span{})
	if err != nil || len(list) != 1 || list[0].Decision != "d-1" || list[0].Bytes != 1200 || list[0].Span != s.Span {
		t.Fatalf("%+v, %v", list, err)
	}
	if readable, erased, err := db.KeyUse(t.Context(), s.KeyID); readable != 0 || erased != 1 || err != nil {
		t.Fatalf("%d %d %v", readable, erased, err)
	}
	if todo, _ := db.Unswept(t.Context(), 10); len(todo) != 1 {
		t.Fatal("its bytes are not said to be there still")
	}
	_ = db.SetSwept(t.Context(), s.ID)
	if todo, _ := db.Unswept(t.Context(), 10); len(todo) != 0 {
		t.Fatal("swept bytes are said to be there")
	}
}

func TestHeldSegmentsAreLeftAloneAndOpenUnderTheCase(t *testing.T) {
	db := open(t)
	s, free := put(t, db, segment("cam-a", start)), put(t, db, segment("cam-a", start.Add(time.Minute)))
	hold := catalog.Hold{ID: "h", Case: "c", Camera: "cam-a", Span: s.Span, PlacedBy: "a", Second: "b", Placed: start, Until: start.Add(time.Hour), Decision: "d"}
	if err := db.PutHold(t.Context(), hold, []catalog.HeldKey{{Segment: s.ID, KeyID: "case:c/0/0/1", Wrapped: []byte("again")}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Erase(t.Context(), []storage.Segment{*s, *free}, "withdrawn", "d", start); err != nil {
		t.Fatal(err)
	}
	got, _ := db.Segment(t.Context(), s.ID)
	if got.State == storage.SegmentErased || got.KeyID != "case:c/0/0/1" || string(got.Wrapped) != "again" {
		t.Fatalf("%+v", got)
	}
	if got, _ := db.Segment(t.Context(), free.ID); got.State != storage.SegmentErased {
		t.Fatal("what no hold names was kept")
	}
	far := start.Add(1000 * time.Hour)
	if list, _ := db.Expired(t.Context(), far, 10); len(list) != 0 {
		t.Fatal("a held segment is called expired")
	}
	if list, _ := db.Oldest(t.Context(), false, 10); len(list) != 0 {
		t.Fatal("a held segment is offered to make room")
	}
	if err := db.ReleaseHold(t.Context(), "h", far); err != nil {
		t.Fatal(err)
	}
	if list, _ := db.Expired(t.Context(), far, 10); len(list) != 1 || list[0].KeyID != s.KeyID {
		t.Fatal("after the hold it is not expired")
	}
}

func event(i int, phase shouwang.EventPhase) shouwang.Event {
	at := start.Add(time.Duration(i) * time.Second)
	return shouwang.Event{
		ID: shouwang.EventID(fmt.Sprintf("e-%03d", i)), Camera: shouwang.CameraID(fmt.Sprintf("cam-%d", i%2)), Kind: shouwang.KindMotion,
		Phase: phase, Start: at, Peak: at, Score: 0.5, Box: shouwang.Box{0, 0, 1, 1},
	}
}

func TestEventsByPhaseAndPage(t *testing.T) {
	db := open(t)
	for i := range 50 {
		if err := db.PutEvent(t.Context(), event(i, shouwang.PhaseBegin)); err != nil {
			t.Fatal(err)
		}
	}
	ended := event(7, shouwang.PhaseEnd)
	ended.End, ended.Label = ended.Start.Add(time.Second), "person"
	_ = db.PutEvent(t.Context(), ended)
	_ = db.PutEvent(t.Context(), event(7, shouwang.PhaseUpdate)) // late
	if got, err := db.Event(t.Context(), "e-007"); err != nil || got.Phase != shouwang.PhaseEnd || got.Label != "person" || got.Box != ended.Box {
		t.Fatalf("%+v, %v", got, err)
	}
	seen := map[shouwang.EventID]bool{}
	for before := shouwang.EventID(""); ; {
		page, err := db.Events(t.Context(), catalog.EventQuery{Before: before, Limit: 7})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if seen[e.ID] {
				t.Fatalf("%s came twice", e.ID)
			}
			seen[e.ID], before = true, e.ID
		}
	}
	if len(seen) != 50 {
		t.Fatalf("%d of 50 events came", len(seen))
	}
	if list, _ := db.Events(t.Context(), catalog.EventQuery{Camera: "cam-1", Span: shouwang.Span{From: start.Add(10 * time.Second), To: start.Add(20 * time.Second)}}); len(list) != 5 {
		t.Fatalf("%d events of the camera and span", len(list))
	}
	if list, _ := db.Events(t.Context(), catalog.EventQuery{Kind: shouwang.KindTamper}); len(list) != 0 {
		t.Fatal("another kind came")
	}
}

func TestVerdict(t *testing.T) {
	db := open(t)
	_ = db.PutEvent(t.Context(), event(1, shouwang.PhaseBegin))
	if err := db.SetVerdict(t.Context(), "e-001", "false_alarm", "officer:chen", start); err != nil {
		t.Fatal(err)
	}
	_ = db.PutEvent(t.Context(), event(1, shouwang.PhaseEnd)) // a later phase keeps it
	if got, _ := db.Event(t.Context(), "e-001"); got.Verdict != "false_alarm" || got.By != "officer:chen" || !got.At.Equal(start) {
		t.Fatalf("%+v", got)
	}
	if err := db.SetVerdict(t.Context(), "e-001", "boring", "x", start); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Fatal(err)
	}
	if err := db.SetVerdict(t.Context(), "e-999", "seen", "x", start); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Fatal(err)
	}
}

func TestTimelineClipsAndGaps(t *testing.T) {
	db := open(t)
	s := put(t, db, segment("cam-0", start))
	gap := shouwang.Gap{Camera: "cam-0", Span: shouwang.Span{From: s.To, To: s.To.Add(time.Second)}, Cause: shouwang.GapStalled, Noted: start}
	for range 3 { // a gap grows while it lasts
		gap.To = gap.To.Add(10 * time.Second)
		if err := db.PutGap(t.Context(), shouwang.StreamMain, gap); err != nil {
			t.Fatal(err)
		}
	}
	_ = db.PutEvent(t.Context(), event(2, shouwang.PhaseBegin))
	clip := shouwang.Clip{ID: "c-1", Camera: "cam-0", Span: s.Span, Reason: "event", Event: "e-002", Grant: "g", Bytes: 150}
	for range 2 {
		if err := db.PutClip(t.Context(), clip); err != nil {
			t.Fatal(err)
		}
	}
	line, err := db.Timeline(t.Context(), "cam-0", shouwang.Span{From: start, To: start.Add(time.Hour)})
	if err != nil || len(line.Segments) != 1 || line.Segments[0].Bytes != 1200 || len(line.Events) != 1 {
		t.Fatalf("%+v, %v", line, err)
	}
	if len(line.Gaps) != 1 || line.Gaps[0].Span != gap.Span || line.Gaps[0].Cause != shouwang.GapStalled {
		t.Fatalf("gaps %+v", line.Gaps)
	}
	if list, err := db.Clips(t.Context(), catalog.ClipQuery{Event: "e-002"}); err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], clip) {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := db.Clip(t.Context(), "none"); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Fatal(err)
	}
}

func TestManyWritersAndReaders(t *testing.T) {
	db := open(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 20 {
				s := segment(shouwang.CameraID(fmt.Sprintf("cam-%d", worker)), start.Add(time.Duration(i)*time.Minute))
				if err := db.PutSegment(t.Context(), s); err != nil {
					t.Error(err)
				}
				if list, err := db.Segments(t.Context(), s.Camera, "", shouwang.Span{}); err != nil || len(list) != i+1 {
					t.Errorf("%d rows after %d, %v", len(list), i+1, err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	if err := db.Each(t.Context(), func(*storage.Segment) error { n++; return nil }); err != nil || n != 160 {
		t.Fatalf("%d rows, %v", n, err)
	}
}

func TestForeignFileIsSaidPlainly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	if err := os.WriteFile(path, []byte("this is no database, only a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Open(t.Context(), path); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Fatal(err)
	}
}

func BenchmarkPutSegment(b *testing.B) {
	db := open(b)
	i := 0
	for b.Loop() {
		i++
		put(b, db, segment("cam-a", start.Add(time.Duration(i)*time.Minute)))
	}
}
