package classify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"shouwang"
	"shouwang/analyze/decode"
)

const (
	realModel = "../../../shared/models/yolox_nano.onnx"
	realClip  = "../../../shared/videos/vtest.avi"
	realBoxes = "../../../shared/videos/vtest.gt/gt.txt"
)

// runtimeLibrary is where the set-up puts ONNX Runtime.
func runtimeLibrary() string {
	if lib := os.Getenv("ONNXRUNTIME"); lib != "" {
		return lib
	}
	found, _ := filepath.Glob("../../.cache/onnxruntime/libonnxruntime.so*")
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// frames decodes some of the clip's pictures, as planes of 4:2:0.
func frames(t *testing.T, numbers []int) []*decode.Picture {
	t.Helper()
	var pick []string
	for _, n := range numbers {
		pick = append(pick, "eq(n,"+strconv.Itoa(n)+")")
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-i", realClip, "-vf", "select='"+strings.Join(pick, "+")+"'", "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-")
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal("ffmpeg:", err)
	}
	const w, h = 768, 576
	if len(raw) != len(numbers)*w*h*3/2 {
		t.Fatalf("%d bytes", len(raw))
	}
	var out []*decode.Picture
	for range numbers {
		out = append(out, &decode.Picture{
			Width: w, Height: h, StrideY: w, StrideC: w / 2, ChromaW: 1, ChromaH: 1,
			Y: raw[:w*h], U: raw[w*h : w*h*5/4], V: raw[w*h*5/4 : w*h*3/2],
		})
		raw = raw[w*h*3/2:]
	}
	return out
}

// TestPeopleOfALabelledClipAreNamed cuts every labelled person out of some
// pictures, as a tracker would, and asks both engines what it is.
func TestPeopleOfALabelledClipAreNamed(t *testing.T) {
	for _, f := range []string{realModel, realClip, realBoxes} {
		if _, err := os.Stat(f); err != nil {
			t.Skip("skipped: the labelled clips and the model are not beside this checkout:", err)
		}
	}
	numbers := []int{20, 200, 400, 600}
	pictures := frames(t, numbers)
	asked := map[string]string{"OpenCV": ""}
	if lib := runtimeLibrary(); lib != "" {
		asked["ONNX Runtime"] = lib
	} else {
		t.Log("ONNX Runtime is not here: OpenCV alone is tested")
	}
	for want, lib := range asked {
		c, err := New(Config{Model: realModel, Runtime: lib})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.Name(), want) {
			t.Errorf("%s runs, not %s", c.Name(), want)
		}
		people, named := 0, 0
		for i, n := range numbers {
			crops := labelled(t, pictures[i], n+1)
			got, err := c.Classify(crops)
			if err != nil || len(got) != len(crops) {
				t.Fatal(len(got), err)
			}
			for _, f := range got {
				people++
				if f.Class == Person {
					named++
				} else if f.Class != Other {
					t.Logf("%s: picture %d: %v %.2f", want, n, f.Class, f.Score)
				}
			}
		}
		t.Logf("%s: %d of %d people named in %d runs of the network", c.Name(), named, people, c.Runs())
		if people < 10 || named*10 < people*7 {
			t.Errorf("%s: only %d of %d people are named", want, named, people)
		}
		c.Close()
	}
}

// labelled cuts the boxes of the picture (numbered from 1) in MOT form:
// picture, identity, left, top, width, height.
func labelled(t *testing.T, p *decode.Picture, number int) []*Crop {
	t.Helper()
	raw, err := os.ReadFile(realBoxes)
	if err != nil {
		t.Fatal(err)
	}
	var out []*Crop
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) < 6 || f[0] != strconv.Itoa(number) {
			continue
		}
		var v [4]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(f[i+2], 64); err != nil {
				t.Fatal(err)
			}
		}
		c := new(Crop)
		if Cut(c, p, shouwang.Box{v[0] / 768, v[1] / 576, v[2] / 768, v[3] / 576}) {
			out = append(out, c)
		}
	}
	return out
}

// TestPeopleAreFoundInWholePictures looks for everybody labelled in some
// pictures without being told where anything moves.
func TestPeopleAreFoundInWholePictures(t *testing.T) {
	for _, f := range []string{realModel, realClip, realBoxes} {
		if _, err := os.Stat(f); err != nil {
			t.Skip("skipped: the labelled clips and the model are not beside this checkout:", err)
		}
	}
	c, err := New(Config{Model: realModel, Runtime: runtimeLibrary()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	numbers := []int{20, 200, 400, 600}
	people, covered, told := 0, 0, 0
	for i, p := range frames(t, numbers) {
		var found []shouwang.Box
		if err := c.Things(p, func(thing Thing) {
			if thing.Class == Person {
				found = append(found, thing.Box)
			}
		}); err != nil {
			t.Fatal(err)
		}
		told += len(found)
		for _, crop := range labelled(t, p, numbers[i]+1) {
			people++
			for _, box := range found {
				if shared(crop.Region, box) > crop.Region.Area()*0.6 {
					covered++
					break
				}
			}
		}
	}
	t.Logf("%s: %d of %d people covered by %d boxes in %d runs", c.Name(), covered, people, told, c.Runs())
	if people < 10 || covered*10 < people*8 {
		t.Errorf("only %d of %d people are found", covered, people)
	}
}

// shared is the area of both boxes.
func shared(a, b shouwang.Box) float64 {
	w := min(a[0]+a[2], b[0]+b[2]) - max(a[0], b[0])
	h := min(a[1]+a[3], b[1]+b[3]) - max(a[1], b[1])
	return max(0, w) * max(0, h)
}
