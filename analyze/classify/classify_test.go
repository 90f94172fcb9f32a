package classify

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"shouwang"
	"shouwang/analyze/decode"
)

// flat is a picture of one colour with a rectangle of another.
func flat(w, h int, y, u, v byte, box [4]int, by byte) *decode.Picture {
	p := &decode.Picture{
		Width: w, Height: h, StrideY: w, StrideC: w / 2, ChromaW: 1, ChromaH: 1,
		Y: make([]byte, w*h), U: make([]byte, w*h/4), V: make([]byte, w*h/4),
	}
	for i := range p.Y {
		p.Y[i] = y
	}
	for i := range p.U {
		p.U[i], p.V[i] = u, v
	}
	for yy := box[1]; yy < box[1]+box[3]; yy++ {
		for x := box[0]; x < box[0]+box[2]; x++ {
			p.Y[yy*w+x] = by
		}
	}
	return p
}

func TestCutIsCentredAndSquareAndGreyOutside(t *testing.T) {
	p := flat(640, 360, 81, 90, 240, [4]int{0, 100, 40, 80}, 235)
	var c Crop
	if !Cut(&c, p, shouwang.Box{0, 100. / 360, 40. / 640, 80. / 360}) {
		t.Fatal("not cut")
	}
	if want := 128; c.Side != want {
		t.Errorf("side %d, want %d (1.6 x 80)", c.Side, want)
	}
	at := func(x, y int) [3]byte { return [3]byte(c.BGR[3*(y*c.Side+x) : 3*(y*c.Side+x)+3]) }
	if got := at(2, 64); got != [3]byte{padding, padding, padding} {
		t.Errorf("outside the picture: %v", got)
	}
	// BT.601: Y 81, U 90, V 240 is pure red (Poynton, "Digital Video and HD").
	if got := at(120, 64); got[2] < 250 || got[0] > 5 || got[1] > 5 {
		t.Errorf("red is %v in BGR", got)
	}
	if Cut(&c, p, shouwang.Box{0.5, 0.5, 0, 0.1}) {
		t.Error("an empty region was cut")
	}
}

func TestCutShrinksWhatIsLarge(t *testing.T) {
	p := flat(1920, 1080, 16, 128, 128, [4]int{0, 0, 960, 1080}, 235)
	var c Crop
	if !Cut(&c, p, shouwang.Box{0.1, 0.1, 0.8, 0.8}) || c.Side != most {
		t.Fatalf("side %d", c.Side)
	}
	left, right := c.BGR[3*(200*c.Side+100)], c.BGR[3*(200*c.Side+300)]
	if left < 250 || right > 5 {
		t.Errorf("left %d, right %d", left, right)
	}
}

// cropOf is a crop whose window is the box given.
func cropOf(window shouwang.Box) *Crop {
	return &Crop{Window: window, Region: window, Side: 100, BGR: make([]byte, 3*100*100)}
}

func TestDetectionsFindTheirCropAndPlace(t *testing.T) {
	windows := []shouwang.Box{{0.1, 0.1, 0.2, 0.2}, {0.5, 0.1, 0.4, 0.4}, {0.2, 0.6, 0.1, 0.1}, {0.6, 0.6, 0.3, 0.3}}
	var crops []*Crop
	for _, w := range windows {
		crops = append(crops, cropOf(w))
	}
	s := new(sheet)
	if n := s.lay(append(crops, cropOf(windows[0]))); n != 4 {
		t.Fatalf("laid %d", n)
	}
	for i, c := range crops {
		p := s.places[i]
		d := detection{x: float32(p.x) + float32(p.s)/4, y: float32(p.y) + float32(p.s)/4, w: float32(p.s) / 2, h: float32(p.s) / 2}
		home, box := s.home(&d)
		if home != c {
			t.Fatalf("crop %d: the detection lies on another", i)
		}
		w := windows[i]
		for k, want := range []float64{w[0] + w[2]/4, w[1] + w[3]/4, w[2] / 2, w[3] / 2} {
			if math.Abs(box[k]-want) > 1e-3 {
				t.Errorf("crop %d: box %v", i, box)
			}
		}
	}
	if home, _ := s.home(&detection{x: quarter - 2, y: 10, w: 2, h: 2}); home != nil {
		t.Error("the gap belongs to nobody")
	}
	if s.lay(crops[:1]) != 1 || s.places[0].s != input {
		t.Error("a crop by itself does not get the whole sheet")
	}
}

// raw is a network's output with things in it: cell of the stride-8 grid,
// size in pixels, objectness, class and its score.
type thing struct {
	x, y, w, h, object, score float32
	class                     int
}

func raw(things ...thing) []float32 {
	out := make([]float32, rows*columns)
	for i, t := range things {
		v := out[(int(t.y/8)*52+int(t.x/8)+0)*columns:]
		v[0], v[1] = t.x/8-float32(int(t.x/8)), t.y/8-float32(int(t.y/8))
		v[2], v[3] = float32(math.Log(float64(t.w/8))), float32(math.Log(float64(t.h/8)))
		v[4], v[5+t.class] = t.object, t.score
		_ = i
	}
	return out
}

func TestDetectReadsBoxesAndKeepsTheBest(t *testing.T) {
	got := detect(raw(
		thing{100, 100, 40, 80, 0.9, 0.9, 0}, thing{108, 104, 40, 80, 0.9, 0.7, 0}, // one person, twice
		thing{300, 300, 60, 30, 0.8, 0.9, 2}, thing{300, 100, 20, 20, 0.2, 0.9, 15},
		thing{200, 340, 20, 20, float32(math.NaN()), 0.9, 15},
	), 0.3, nil)
	if len(got) != 2 || got[0].class != Person || got[1].class != Vehicle {
		t.Fatalf("%+v", got)
	}
	if d := got[0]; math.Abs(float64(d.x-80)) > 0.1 || math.Abs(float64(d.y-60)) > 0.1 || math.Abs(float64(d.h-80)) > 0.1 {
		t.Errorf("%+v", d)
	}
}

func TestOnlyWhatMovedIsNamed(t *testing.T) {
	cat := shouwang.Box{0.4, 0.6, 0.05, 0.05}
	for name, c := range map[string]struct {
		thing shouwang.Box
		want  bool
	}{
		"itself":               {shouwang.Box{0.39, 0.58, 0.07, 0.08}, true},
		"a part of it moves":   {shouwang.Box{0.38, 0.55, 0.09, 0.1}, true},
		"a car it walks past":  {shouwang.Box{0.2, 0.4, 0.4, 0.4}, false},
		"something beside it":  {shouwang.Box{0.46, 0.6, 0.05, 0.05}, false},
		"a corner is all":      {shouwang.Box{0.43, 0.63, 0.05, 0.05}, false},
		"a thing inside of it": {shouwang.Box{0.41, 0.61, 0.01, 0.01}, false},
	} {
		if got := agreement(c.thing, cat) > 0; got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestClassesAreTold(t *testing.T) {
	for coco, want := range map[int]Class{0: Person, 2: Vehicle, 7: Vehicle, 4: Other, 16: Animal, 15: Animal, 56: Other, 79: Other} {
		if got := classOf(coco); got != want {
			t.Errorf("%d: %v, want %v", coco, got, want)
		}
	}
	if Person.String() != string(shouwang.KindPerson) || Vehicle.String() != string(shouwang.KindVehicle) || Animal.String() != string(shouwang.KindAnimal) {
		t.Error("labels are not the vocabulary's")
	}
}

func TestAModelThatIsNoneIsRefusedWithWords(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.onnx")
	if _, err := New(Config{Model: none}); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Error(err)
	}
	bad := filepath.Join(dir, "bad.onnx")
	if err := os.WriteFile(bad, []byte("this is not a network"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Model: bad, Runtime: os.Getenv("ONNXRUNTIME")}); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Error(err)
	}
}

func BenchmarkSheet(b *testing.B) {
	var crops []*Crop
	for range 4 {
		crops = append(crops, cropOf(shouwang.Box{0, 0, 1, 1}))
	}
	s := new(sheet)
	for b.Loop() {
		s.lay(crops)
	}
}
