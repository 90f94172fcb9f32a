package main

import (
	"encoding/json"

	"shouwang"
	"shouwang/analyze/render"
	"shouwang/analyze/scene"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

// detectors are the models that a camera can be watched with, by name; "" is
// the default.
var detectors = map[string]func(config []byte) (worker.Detector, error){
	"": newScene, "scene": newScene, "three": newThree,
}

func newDetector(model string, config []byte) (worker.Detector, error) {
	make, known := detectors[model]
	if !known {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "this shouwang-analyzer has no detector %q", model)
	}
	return make(config)
}

// observer is what the packages under scene have in common.
type observer interface {
	Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) scene.Result
}

// detector joins an observer to the worker.
type detector struct{ observer }

func (d detector) Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) worker.Result {
	return worker.Result(d.observer.Observe(luma, stride, width, height, pts, key))
}

// Mask tells which cells of the newest picture belong to regions, if the
// observer knows.
func (d detector) Mask(dst []uint8) ([]uint8, int) {
	if m, ok := d.observer.(worker.Masker); ok {
		return m.Mask(dst)
	}
	return dst, 0
}

// Close frees what the observer holds outside Go's memory, if anything.
func (d detector) Close() {
	if c, ok := d.observer.(interface{ Close() }); ok {
		c.Close()
	}
}

// scratch is what all models of this process share: one thread looks.
var scratch scene.Scratch

func newScene(config []byte) (worker.Detector, error) {
	var c scene.Config
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the detector's configuration cannot be read: %w", err)
		}
	}
	return detector{scene.NewIn(c, &scratch)}, nil
}

func newRenderer(spec wire.RenderSpec, known worker.Scene) (worker.Renderer, error) {
	s, _ := known.(*render.Scene)
	return render.New(spec, detector{scene.NewIn(scene.Config{}, &scratch)}, s)
}
