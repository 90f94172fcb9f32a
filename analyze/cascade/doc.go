// Package cascade decides, unit by unit, what of a camera's stream is worth
// decoding. While nothing happens only key frames are decoded, on a decoder
// that all cameras of a worker share. A key frame that shows something, or
// a sudden growth of the coded pictures, wakes the camera: its own decoder
// catches up from the last key frame held and follows every picture until the
// scene is quiet again.
//
// Nothing here can silence a camera: every key frame is looked at, always.
package cascade
