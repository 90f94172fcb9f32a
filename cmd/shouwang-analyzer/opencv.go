//go:build !noopencv

package main

import (
	"shouwang/analyze/scene/mog"
	"shouwang/analyze/worker"
)

// OpenCV links some 260 libraries and takes a quarter of a second to start, so
// it can be left out (-tags noopencv); only the reference detector is missing
// then.
func init() {
	detectors["mog2"] = func([]byte) (worker.Detector, error) { return detector{mog.New()}, nil }
}
