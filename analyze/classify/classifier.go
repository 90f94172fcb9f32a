package classify

import (
	"fmt"
	"io"
	"os"

	"shouwang"
)

// Finding answers an Ask: what was found where the region moved. Class is
// Other and Score 0 when nothing was.
type Finding struct {
	Ask   Ask
	Class Class
	Score float32      // 0..1
	Box   shouwang.Box // of the thing, fractions of the picture
}

// engine runs the network: pixels of a sheet in, rows*columns values out. The
// output is the engine's memory until the next call.
type engine interface {
	run(pixels []float32) ([]float32, error)
	name() string
	Close()
}

// Config says which network is run by what.
type Config struct {
	// Model is an ONNX file: YOLOX with a 416 input and COCO's classes.
	Model string
	// Runtime is the path of ONNX Runtime's library; without it, or when it
	// cannot be loaded, OpenCV runs the model, four to five times slower.
	Runtime string
}

// bound is below what a thing is not told at all. Measured for YOLOX-nano on
// labelled pictures, 0.35 gives a precision of 0.79 and a recall of 0.91 for
// people; events ask for more (see the eventer).
const bound = 0.3

// Classifier runs the network. It is for one thread.
type Classifier struct {
	engine engine
	sheet  *sheet
	tile   Crop
	found  []detection
	out    []Finding
	runs   uint64
}

// New loads the model and runs it once, so that whatever it needs of the
// system is asked for before the process is locked in. Errors are
// CodeBadConfig and say what to do.
func New(cfg Config) (*Classifier, error) {
	if err := check(cfg.Model); err != nil {
		return nil, err
	}
	e, err := open(cfg)
	if err != nil {
		return nil, err
	}
	c := &Classifier{engine: e, sheet: new(sheet)}
	if _, err := c.look(c.sheet, bound); err != nil {
		e.Close()
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the classifier's model %s does not fit: %w; it must be YOLOX with a 416x416 input and COCO's classes", cfg.Model, err)
	}
	return c, nil
}

// check looks whether the file can be a network at all: OpenCV ends the process
// over one that is not. An ONNX file is a protocol buffer whose first field is
// the version (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
func check(model string) error {
	f, err := os.Open(model)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeBadConfig, "the classifier's model cannot be read: %w; name another file or leave it out", err)
	}
	defer f.Close()
	var head [2]byte
	if _, err := io.ReadFull(f, head[:]); err != nil || head[0] != 0x08 || head[1] > 32 {
		return shouwang.Errorf(shouwang.CodeBadConfig, "the classifier's model %s is no ONNX file; name another or leave it out", model)
	}
	return nil
}

// Name says what runs.
func (c *Classifier) Name() string { return c.engine.name() }

// Runs counts runs of the network.
func (c *Classifier) Runs() uint64 { return c.runs }

// Close frees the network.
func (c *Classifier) Close() { c.engine.Close() }

// Classify answers for each crop, in their order. An error is the network's
// and leaves the crops unanswered. The findings are overwritten by the next call.
func (c *Classifier) Classify(crops []*Crop) ([]Finding, error) {
	c.out = c.out[:0]
	for len(crops) > 0 {
		n := c.sheet.lay(crops)
		found, err := c.look(c.sheet, bound)
		if err != nil {
			return nil, err
		}
		for _, crop := range crops[:n] {
			c.out = append(c.out, c.best(crop, found))
		}
		crops = crops[n:]
	}
	return c.out, nil
}

func (c *Classifier) look(s *sheet, bound float32) ([]detection, error) {
	out, err := c.engine.run(s.pixels[:])
	c.runs++
	if err != nil {
		return nil, fmt.Errorf("run network: %w", err)
	}
	if len(out) != rows*columns {
		return nil, fmt.Errorf("run network: %d values came out, not %d x %d", len(out), rows, columns)
	}
	c.found = detect(out, bound, c.found)
	return c.found, nil
}

// best picks the thing that moved: of what lies on the crop, the one that
// agrees best with the moving region. Something that only stands beside it
// (a parked car that a cat walks past) does not.
func (c *Classifier) best(crop *Crop, found []detection) Finding {
	f := Finding{Ask: crop.Ask}
	top := 0.0
	for i := range found {
		home, box := c.sheet.home(&found[i])
		if home != crop || found[i].class == Other {
			continue
		}
		worth := agreement(box, crop.Region) * float64(found[i].score)
		if worth > top {
			top = worth
			f.Class, f.Score, f.Box = found[i].class, found[i].score, box
		}
	}
	return f
}

// agreement is how well a thing's box explains a moving region, 0..1: the
// region is mostly inside the thing (a part of it moves), and the thing is not
// much larger than what moved; below a third of overlap either way it is 0.
func agreement(thing, region shouwang.Box) float64 {
	w := min(thing[0]+thing[2], region[0]+region[2]) - max(thing[0], region[0])
	h := min(thing[1]+thing[3], region[1]+region[3]) - max(thing[1], region[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	ofRegion, ofThing := w*h/region.Area(), w*h/thing.Area()
	if ofRegion < 0.33 || ofThing < 0.2 {
		return 0
	}
	return min(1, ofRegion) * min(1, 0.5+ofThing)
}
