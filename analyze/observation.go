package analyze

import "shouwang"

// Region is a connected part of one picture that differs from the background.
type Region struct {
	// Box is in fractions of the picture.
	Box shouwang.Box `json:"box"`
	// Fill is the share of the box that really moved, 0..1.
	Fill float64 `json:"fill"`
	// Score is how far the region stands out from the noise, 0..1.
	Score float64 `json:"score"`
	// Moving is the share of the region that changed within about the last
	// half second, 0..1: near 0 is something that stands still.
	Moving float64 `json:"moving"`
	// Gone says that nothing is there: what stood there as part of the scenery
	// has been taken away. It is reported once, and is nothing to follow.
	Gone bool `json:"gone,omitempty"`
}

// Light says what the whole picture did.
type Light uint8

// A picture is steady, or its light changes as a whole (its regions are then
// suppressed), or it is too dark, white or flat to say anything.
const (
	LightSteady Light = iota
	LightChange
	LightBlind
)

// Observation is what the engine saw in one access unit.
type Observation struct {
	Camera shouwang.CameraID
	Stream shouwang.StreamKind
	Epoch  uint32
	Seq    uint64
	PTS    shouwang.MediaTime
	Wall   shouwang.WallStamp
	Key    bool
	// Decoded says that the picture was decoded; without it nothing below is
	// known and the picture was only counted.
	Decoded bool
	// Damaged says that the decoder reported an error in this picture.
	Damaged bool
	Regions []Region
	Light   Light
	// Mean and Dev are luma statistics of the picture, 0..255.
	Mean, Dev float32
	// Changed is the share of the picture that differs from the background
	// before regions are suppressed, 0..1; Sharp is the mean luma step between
	// neighbouring cells. Both feed the tamper rules.
	Changed, Sharp float32
	// Like is how alike the picture's structure is to what the camera usually
	// sees, 0..1, whatever the light: near 0 it looks elsewhere. 0 while that
	// is not known.
	Like float32
	// Mask is which cells of the analysis picture belong to regions; nil unless
	// it was asked for.
	Mask *Mask
	// DecodeMicros and PixelMicros are CPU time spent, in microseconds.
	DecodeMicros, PixelMicros uint32
}
