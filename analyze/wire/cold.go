package wire

import "shouwang"

// Params are the parameter sets of a stream, without start codes.
type Params struct {
	Codec uint8  `json:"codec"` // shouwang.Codec
	VPS   []byte `json:"vps,omitempty"`
	SPS   []byte `json:"sps"`
	PPS   []byte `json:"pps"`
}

// ParamsOf copies the references that the analyzer needs out of p.
func ParamsOf(p *shouwang.Params) Params {
	return Params{Codec: uint8(p.Codec), VPS: p.VPS, SPS: p.SPS, PPS: p.PPS}
}

// Check reports whether the sets have a known codec and bounded sizes.
func (p *Params) Check() error {
	if c := shouwang.Codec(p.Codec); c != shouwang.CodecH264 && c != shouwang.CodecH265 {
		return ErrField
	}
	if len(p.VPS) > MaxParams || len(p.SPS) > MaxParams || len(p.PPS) > MaxParams {
		return ErrTooLarge
	}
	return nil
}

// Open starts a camera, or changes the parameter sets of one that is open:
// then its background model is kept.
type Open struct {
	Handle uint32 `json:"handle"`
	Params Params `json:"params"`
	// Model names the detector ("" is the default) and Config is its JSON.
	Model  string `json:"model,omitempty"`
	Config []byte `json:"config,omitempty"`
	// Scene asks to keep what a renderer of this camera will need to know.
	Scene bool `json:"scene,omitempty"`
	// View asks for a grid of the picture now and then.
	View bool `json:"view,omitempty"`
	// Mask asks for the cells of every picture's regions.
	Mask bool `json:"mask,omitempty"`
}

// Render starts a renderer, or changes the parameter sets of one.
type Render struct {
	Handle uint32     `json:"handle"`
	Params Params     `json:"params"`
	Spec   RenderSpec `json:"spec"`
	Like   uint32     `json:"like,omitempty"` // an open camera whose knowledge of its scene may be used
	Marks  []Mark     `json:"marks,omitempty"`
}

// MaxMarks bounds the outputs of one renderer.
const MaxMarks = 32

// Mark is one output of a renderer: what it draws, under a watermark that is
// tiled over the picture with the picture's wall time; "" for none.
type Mark struct {
	ID   uint32 `json:"id"`
	Text string `json:"text,omitempty"`
}

// Remark adds an output to a renderer, takes one away (Drop), or has the next
// picture of one that is there be a key frame (Key).
type Remark struct {
	Handle uint32 `json:"handle"`
	Drop   bool   `json:"drop,omitempty"`
	Key    bool   `json:"key,omitempty"`
	Mark
}

// RenderSpec is what a renderer does to each picture before it is encoded.
type RenderSpec struct {
	// Masks are filled flat; fractions of the picture.
	Masks []shouwang.Polygon `json:"masks,omitempty"`
	// Veil pixelates whatever moves or may be a person or a vehicle.
	Veil bool `json:"veil,omitempty"`
	// People and Vehicles are pixelated, too, where they only stand, if there is
	// a classifier to find them. Both go with Veil.
	People   bool `json:"people,omitempty"`
	Vehicles bool `json:"vehicles,omitempty"`
	// Clear is where one person is, who is spared the veil: boxes at moments, in
	// order; see package render. It goes with Veil.
	Clear []Clear `json:"clear,omitempty"`
	// Marked says that every output owes a mark.
	Marked bool `json:"marked,omitempty"`
	// Zone is the wall clock's offset from UTC, seconds east.
	Zone int `json:"zone,omitempty"`
	// MaxWidth (pixels) and MaxFPS bound the output; 0 leaves it.
	MaxWidth int     `json:"max_width,omitempty"`
	MaxFPS   float64 `json:"max_fps,omitempty"`
	// GOP is the most pictures from key frame to key frame.
	GOP int `json:"gop,omitempty"`
	// Keys puts a key frame wherever the input has one, so that a run of groups
	// of pictures stays one.
	Keys bool `json:"keys,omitempty"`
	// Bitrate bounds the output in bits a second; 0 lets quality decide.
	Bitrate int `json:"bitrate,omitempty"`
}

// Clear is a box of the picture at a moment.
type Clear struct {
	At  int64        `json:"at"` // microseconds of wall time since 1970
	Box shouwang.Box `json:"box"`
}

// MaxClear bounds the boxes of one rendering.
const MaxClear = 600

// Hello is the analyzer's first message.
type Hello struct {
	Version int    `json:"version"`
	PID     int    `json:"pid"`
	Sandbox string `json:"sandbox"` // what is in force, "off" if nothing
	Codec   string `json:"codec"`   // libavcodec's version
	// Classifier says what names moving things, "" if nothing does.
	Classifier string `json:"classifier,omitempty"`
}

// Stats is the analyzer's answer to a ping.
type Stats struct {
	Cameras   int    `json:"cameras"`
	Renderers int    `json:"renderers"`
	Units     uint64 `json:"units"`
	Damaged   uint64 `json:"damaged"`
	CPUMicros uint64 `json:"cpu_us"` // user and system time of the process
	MaxRSS    uint64 `json:"max_rss"`
}

// Log is a line for the service's log.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Fault says that a handle's stream cannot be worked on as it is.
type Fault struct {
	Handle uint32        `json:"handle"`
	Code   shouwang.Code `json:"code"`
	Text   string        `json:"text"`
}
