// Package worker is the loop inside a shouwang-analyzer process: it reads
// access units from its socket, decodes them, shows the pictures to detectors
// or renderers and answers. One thread does all of it, in the order of
// arrival, so that whatever it was doing when it died is known outside.
package worker

import (
	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/wire"
)

// Result is what a detector saw in one picture.
type Result struct {
	// Regions is the detector's memory: it is read before the next call.
	Regions []analyze.Region
	Light   analyze.Light
	// Mean and Dev are luma mean and standard deviation, 0..255.
	Mean, Dev float32
	// Changed is the share of the picture unlike its background, 0..1, and
	// Sharp the mean luma step between neighbouring cells, 0..255.
	Changed, Sharp float32
	// Like is how alike the scene's structure is to what the camera usually
	// sees, 0..1; 0 while that is not known.
	Like float32
}

// Detector learns what a camera usually sees and says what differs. luma
// holds height rows of stride bytes of libavcodec's memory: it is read during
// the call only. pts never runs backwards for one Detector.
type Detector interface {
	Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) Result
}

// Masker is a Detector that tells which cells of the newest picture belong to
// regions: it appends them to dst, row by row, and returns it with the number of
// cells in a row. It is called right after Observe.
type Masker interface {
	Mask(dst []uint8) (cells []uint8, cols int)
}

// Coded is one encoded picture that a Renderer gives; its slices are valid
// during the call that receives it.
type Coded struct {
	Mark          uint32 // the output's id
	Key           bool
	PTS           shouwang.MediaTime
	Width, Height int
	SPS, PPS      []byte // on key frames
	Data          []byte // NAL units behind four-byte lengths
}

// Renderer draws over pictures, and marks and encodes them for each of its
// outputs. An error means that nothing may be shown: the worker then gives out
// no picture for this one.
type Renderer interface {
	// Mark adds an output under a watermark, "" for none; told twice it does
	// nothing. Its first picture is a key frame. Unmark ends it. Refresh makes its
	// next picture a key frame; of an output that is not there it does nothing.
	Mark(id uint32, text string) error
	Unmark(id uint32)
	Refresh(id uint32)
	// Hide adds things found in the picture that Render is given next.
	Hide(things []shouwang.Box)
	// Render takes one picture, its media time and its wall time in
	// microseconds since 1970.
	Render(p *decode.Picture, pts shouwang.MediaTime, wall int64, emit func(*Coded)) error
	Flush(emit func(*Coded)) error
	Close()
}

// Scene is what is known about where people may be in a camera's picture. It
// is kept while a camera is analysed, so that a renderer opened later need not
// begin knowing nothing.
type Scene interface {
	Watch(p *decode.Picture, pts shouwang.MediaTime, regions []analyze.Region)
}

// Classifier says what things are. Cut takes a thing out of a picture, which is
// valid during the call only; Run answers for everything that was cut. Things
// calls each with what a whole picture shows, moving or not.
type Classifier interface {
	Things(p *decode.Picture, each func(class uint8, box shouwang.Box)) error
	Cut(p *decode.Picture, handle, ticket uint32, region shouwang.Box)
	Waiting() int
	Run(answer func(*wire.Found)) error
	Name() string
}

// sceneEvery is the least media time between two looks of a Scene.
const sceneEvery = shouwang.MediaTime(shouwang.MediaRate * 4 / 10)

// Config joins the worker to what it runs.
type Config struct {
	// NewDetector makes the detector of one camera; model "" is the default
	// and config is the model's own JSON or empty.
	NewDetector func(model string, config []byte) (Detector, error)
	// NewScene may be nil. NewRenderer is given the scene of the camera it
	// renders, which it may copy, or nil.
	NewScene    func() Scene
	NewRenderer func(spec wire.RenderSpec, known Scene) (Renderer, error)
	Limits      nal.Limits
	Classifier  Classifier // nil where nothing is to be named
	// Sandbox says in the hello what is in force.
	Sandbox string
}

// maxStreams bounds the cameras and renderers of one process.
const maxStreams = 8192
