package shouwang

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCameraIDIsSafeInPathAddressAndLabel(t *testing.T) {
	for id, want := range map[CameraID]bool{
		"door-17": true, "a": true, "grid-3.market": true,
		"": false, "..": false, "-x": false, "Door": false, "a/b": false, "a b": false, "门": false,
		CameraID(strings.Repeat("a", 64)): true, CameraID(strings.Repeat("a", 65)): false,
	} {
		if id.Valid() != want {
			t.Errorf("CameraID(%q).Valid() = %v, want %v", id, !want, want)
		}
	}
}

func TestCameraSourceFallsBackToMain(t *testing.T) {
	main := Source{Kind: StreamMain, URL: "rtsp://cam/main"}
	cam := Camera{Sources: []Source{main}}
	if got, ok := cam.Source(StreamSub); !ok || got != main {
		t.Errorf("a camera with one stream: got %v %v, want its main stream", got, ok)
	}
	cam.Sources = append(cam.Sources, Source{Kind: StreamSub, Push: true})
	if got, _ := cam.Source(StreamSub); !got.Push {
		t.Errorf("got %v, want the sub-stream", got)
	}
	if _, ok := new(Camera).Source(StreamMain); ok {
		t.Error("a camera without streams has one")
	}
}

func TestRedactURLShowsNoCredential(t *testing.T) {
	for _, raw := range []string{
		"rtsp://admin:geheim@10.0.0.2:554/h264?password=geheim",
		"rtsp://admin:ge%zzheim@10.0.0.2/", "geheim", "rtsp://geheim@", " rtsp://a:geheim@h/x#geheim",
	} {
		if got := RedactURL(raw); strings.Contains(got, "geheim") {
			t.Errorf("RedactURL(%q) = %q", raw, got)
		}
	}
	if got := RedactURL("rtsp://u:p@cam.local:554/live"); got != "rtsp://cam.local:554/live" {
		t.Errorf("got %q", got)
	}
}

func TestMediaTimeIsExactOverYears(t *testing.T) {
	year := MediaTime(365 * 24 * 3600 * MediaRate)
	if got := (20*year + 1).Duration(); got != 20*365*24*time.Hour+time.Second/MediaRate {
		t.Errorf("20 years and a tick = %v", got)
	}
	for _, ticks := range []MediaTime{0, 1, -1, 3003, MediaRate, -MediaRate - 7, year} {
		back := MediaTimeOf(ticks.Duration())
		if math.Abs(float64(back-ticks)) > 1 {
			t.Errorf("%d ticks came back as %d", ticks, back)
		}
	}
}

func TestSpanIsHalfOpen(t *testing.T) {
	t0 := time.Unix(1000, 0)
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	a := Span{at(0), at(10)}
	if !a.Contains(at(0)) || a.Contains(at(10)) {
		t.Error("From is in the span and To is not")
	}
	if a.Overlaps(Span{at(10), at(20)}) || !a.Overlaps(Span{at(9), at(20)}) || a.Overlaps(Span{at(5), at(5)}) {
		t.Error("touching or empty spans do not overlap, others do")
	}
	if got := a.Intersect(Span{at(5), at(20)}); got != (Span{at(5), at(10)}) {
		t.Errorf("intersection %v", got)
	}
	if got := a.Intersect(Span{at(11), at(20)}); !got.Empty() || got.Duration() != 0 {
		t.Errorf("spans apart share %v", got)
	}
}

func TestPlacesHoldAnyDepth(t *testing.T) {
	kinds := []string{"district", "township", "community", "grid", "cell", "building"}
	var list []Place
	parent := PlaceID("")
	for _, k := range kinds {
		list = append(list, Place{ID: PlaceID(k + "-1"), Kind: k, Parent: parent})
		parent = list[len(list)-1].ID
	}
	list = append(list, Place{ID: "grid-2", Kind: "grid", Parent: "community-1"})
	tree, err := NewPlaces(list)
	if err != nil {
		t.Fatal(err)
	}
	if !tree.Within("building-1", "district-1") || !tree.Within("grid-1", "grid-1") {
		t.Error("a building lies in its district and a grid in itself")
	}
	if tree.Within("building-1", "grid-2") || tree.Within("district-1", "building-1") || tree.Within("nowhere", "district-1") {
		t.Error("a place lies neither in a sibling, nor in a child, nor, unknown, anywhere")
	}
	if g, ok := tree.Ancestor("building-1", "grid"); !ok || g.ID != "grid-1" {
		t.Errorf("grid of the building: %v %v", g, ok)
	}
}

func TestPlacesRefuseWhatIsNoTree(t *testing.T) {
	for name, list := range map[string][]Place{
		"loop":    {{ID: "a", Parent: "b"}, {ID: "b", Parent: "a"}},
		"itself":  {{ID: "a", Parent: "a"}},
		"orphan":  {{ID: "a", Parent: "x"}},
		"twice":   {{ID: "a"}, {ID: "a"}},
		"no name": {{}},
	} {
		if _, err := NewPlaces(list); err == nil {
			t.Errorf("%s: taken for a tree", name)
		}
	}
}

func TestBoxArithmetic(t *testing.T) {
	a, b := Box{0, 0, .5, .5}, Box{.25, .25, .5, .5}
	if got := a.IoU(b); math.Abs(got-1./7) > 1e-9 {
		t.Errorf("IoU %v, want 1/7", got)
	}
	if a.IoU(Box{.6, .6, .1, .1}) != 0 || a.IoU(a) != 1 {
		t.Error("boxes apart share 0, a box with itself 1")
	}
	if got := a.Union(b); got != (Box{0, 0, .75, .75}) {
		t.Errorf("union %v", got)
	}
	if a.Union(Box{}) != a || (Box{}).Union(a) != a {
		t.Error("an empty box adds nothing")
	}
}

func TestPolygonContains(t *testing.T) {
	l := Polygon{{0, 0}, {1, 0}, {1, .5}, {.5, .5}, {.5, 1}, {0, 1}} // an L
	if !l.Contains(.25, .75) || !l.Contains(.75, .25) || l.Contains(.75, .75) || (Polygon{}).Contains(0, 0) {
		t.Error("the inside of an L is wrong")
	}
}

func TestErrorKeepsCodeAndCause(t *testing.T) {
	err := fmt.Errorf("start camera: %w", Errorf(CodeUnreachable, "camera door-17 does not answer: %w", io.EOF))
	if CodeOf(err) != CodeUnreachable || !errors.Is(err, io.EOF) {
		t.Errorf("code %q, cause kept %v", CodeOf(err), errors.Is(err, io.EOF))
	}
	if CodeOf(nil) != "" || CodeOf(io.EOF) != CodeInternal {
		t.Error("nil has no code, a plain error is internal")
	}
}

func TestEventSpanLivesUntilItEnds(t *testing.T) {
	start, now := time.Unix(10, 0), time.Unix(20, 0)
	e := Event{Start: start}
	if got := e.Span(now); got != (Span{start, now}) {
		t.Errorf("living event spans %v", got)
	}
	e.End = time.Unix(15, 0)
	if got := e.Span(now); got.To != e.End {
		t.Errorf("ended event spans %v", got)
	}
}

func TestParamsEqual(t *testing.T) {
	a := &Params{Codec: CodecH264, SPS: []byte{1}, PPS: []byte{2}}
	b := &Params{Codec: CodecH264, SPS: []byte{1}, PPS: []byte{2}}
	if !a.Equal(b) || a.Equal(nil) || !(*Params)(nil).Equal(nil) {
		t.Error("same parameter sets differ, or none equals some")
	}
	b.PPS = []byte{3}
	if a.Equal(b) {
		t.Error("another PPS is no change")
	}
}
