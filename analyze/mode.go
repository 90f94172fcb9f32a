package analyze

// Mode says how the engine is to decode one access unit. It is chosen per
// unit, by the cascade, because a camera changes between the two as its scene
// wakes and settles.
type Mode uint8

const (
	// ModeChain decodes the unit in the camera's own decoder, after the units
	// pushed before it. The first one must be a key frame.
	ModeChain Mode = iota
	// ModeKey decodes one key frame by itself in the worker's shared decoder
	// and lets the camera's own decoder go. Other units are refused.
	ModeKey
)
