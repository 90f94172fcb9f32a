//go:build !noopencv

package classify

import (
	"errors"
	"fmt"

	"gocv.io/x/gocv"
)

func init() { openCV = openDNN }

// dnn runs a model in OpenCV: slower, but in every distribution.
type dnn struct {
	net gocv.Net
	in  gocv.Mat
	out gocv.Mat
}

func openDNN(model string) (engine, error) {
	net := gocv.ReadNetFromONNX(model)
	if net.Empty() {
		return nil, errors.New("OpenCV cannot read it")
	}
	if err := net.SetPreferableBackend(gocv.NetBackendOpenCV); err != nil {
		return nil, fmt.Errorf("choose backend: %w", err)
	}
	return &dnn{net: net, in: gocv.NewMatWithSizes([]int{1, 3, input, input}, gocv.MatTypeCV32F), out: gocv.NewMat()}, nil
}

func (e *dnn) run(pixels []float32) ([]float32, error) {
	in, err := e.in.DataPtrFloat32()
	if err != nil {
		return nil, fmt.Errorf("reach input: %w", err)
	}
	copy(in, pixels)
	e.net.SetInput(e.in, "")
	e.out.Close()
	e.out = e.net.Forward("")
	if e.out.Empty() {
		return nil, errors.New("OpenCV gave nothing")
	}
	return e.out.DataPtrFloat32()
}

func (e *dnn) name() string { return "OpenCV " + gocv.OpenCVVersion() }

// Close frees OpenCV's memory.
func (e *dnn) Close() {
	_ = e.net.Close()
	_ = e.in.Close()
	_ = e.out.Close()
}
