package lab_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"shouwang/analyze/eval/composite"
	"shouwang/analyze/eval/lab"
	"shouwang/analyze/scene"
)

// TestMeasure measures the beginning of one drawn film in two encodings with
// every engine: what is large must be found by ours, decoded fully and as a
// cascade, and the tables must say so.
func TestMeasure(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("ffmpeg is missing, and this is CI")
		}
		t.Skip("ffmpeg is not installed: no film can be encoded")
	}
	film := composite.Films(nil)[2]
	film.Lasts, film.Visits = 32*time.Second, film.Visits[:2]
	list := composite.Encodings(false)
	o := lab.Options{
		Cache: t.TempDir(), Films: []lab.Source{film}, Encodings: []composite.Encoding{list[0], list[len(list)-1]},
		Workers: 2, Baselines: true, Say: func(string) {},
	}
	runs, err := lab.Measure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	seesWhatCamerasGet(t, o)
	events := 0
	for _, r := range runs {
		for _, e := range r.Events {
			events++
			if !e.Found[lab.Full] || !e.Found[lab.Auto] {
				t.Errorf("%s: %d px at %v: found fully %v, by the cascade %v: %s", r.Encoding, e.Truth.Tall, e.Truth.From, e.Found[lab.Full], e.Found[lab.Auto], e.Cause)
			}
			if d := e.Told[lab.Full]; d < 0 || d > 3*time.Second {
				t.Errorf("told after %v", d)
			}
		}
		if n := len(r.False[lab.Full]) + len(r.False[lab.Auto]); n > 0 {
			t.Errorf("%s: %d false events", r.Encoding, n)
		}
		if r.Decoded*2 > r.Units+r.Units/2 {
			t.Errorf("%s: the cascade decodes %d of %d pictures of a scene that is mostly quiet", r.Encoding, r.Decoded, r.Units)
		}
	}
	if events != 4 {
		t.Fatalf("%d events, want 4", events)
	}
	var out bytes.Buffer
	lab.Report(&out, runs)
	for _, want := range append([]string{"4 of 4", "H.265"}, lab.Engines...) {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, out.String())
		}
	}
}

// seesWhatCamerasGet: what is measured is looked at with as many cells as the
// model that serves cameras divides the same picture into, decoded anew and kept.
func seesWhatCamerasGet(t *testing.T, o lab.Options) {
	t.Helper()
	m := scene.New(scene.Config{})
	m.Observe(make([]byte, composite.Width*composite.Height), composite.Width, composite.Width, composite.Height, 0, true)
	_, cols := m.Mask(nil)
	paths, err := o.Films[0].Encode(context.Background(), o.Cache, o.Encodings)
	if err != nil {
		t.Fatal(err)
	}
	film, err := lab.Read(paths[0], o.Encodings[0].Codec, composite.FPS, false)
	if err != nil {
		t.Fatal(err)
	}
	if film.Cols != cols || film.Rows*film.Cols > 160*90 {
		t.Errorf("%dx%d cells, cameras have %d in a row", film.Cols, film.Rows, cols)
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if err := film.Keep(kept); err != nil {
		t.Fatal(err)
	}
	again, err := lab.Kept(kept)
	if err != nil || again.Cols != film.Cols || !reflect.DeepEqual(again.Pictures, film.Pictures) {
		t.Errorf("what was kept is not what was decoded: %v", err)
	}
	if err := os.Truncate(kept, 5000); err != nil {
		t.Fatal(err)
	}
	if _, err := lab.Kept(kept); err == nil {
		t.Error("half a file is taken for a film")
	}
}
