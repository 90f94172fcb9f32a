package classify

import (
	"fmt"

	ort "github.com/yalue/onnxruntime_go"
)

// onnx runs a model in ONNX Runtime, on the calling thread alone.
type onnx struct {
	session *ort.AdvancedSession
	in, out *ort.Tensor[float32]
	version string
}

func openORT(model, library string) (engine, error) {
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return nil, fmt.Errorf("load %s: %w", library, err)
	}
	e := &onnx{version: ort.GetVersion()}
	if err := e.load(model); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *onnx) load(model string) error {
	ins, outs, err := ort.GetInputOutputInfo(model)
	if err != nil {
		return fmt.Errorf("read model: %w", err)
	}
	if len(ins) != 1 || len(outs) != 1 {
		return fmt.Errorf("read model: it has %d inputs and %d outputs, not one of each", len(ins), len(outs))
	}
	if e.in, err = ort.NewEmptyTensor[float32](ort.NewShape(1, 3, input, input)); err != nil {
		return fmt.Errorf("make input: %w", err)
	}
	if e.out, err = ort.NewEmptyTensor[float32](ort.NewShape(1, rows, columns)); err != nil {
		return fmt.Errorf("make output: %w", err)
	}
	options, err := ort.NewSessionOptions()
	if err != nil {
		return fmt.Errorf("make session: %w", err)
	}
	defer func() { _ = options.Destroy() }()
	// One thread: the worker is one, and its CPU clock is what cameras pay by.
	for _, err := range []error{options.SetIntraOpNumThreads(1), options.SetInterOpNumThreads(1)} {
		if err != nil {
			return fmt.Errorf("make session: %w", err)
		}
	}
	e.session, err = ort.NewAdvancedSession(model, []string{ins[0].Name}, []string{outs[0].Name}, []ort.Value{e.in}, []ort.Value{e.out}, options)
	if err != nil {
		return fmt.Errorf("make session: %w", err)
	}
	return nil
}

func (e *onnx) run(pixels []float32) ([]float32, error) {
	copy(e.in.GetData(), pixels)
	if err := e.session.Run(); err != nil {
		return nil, err
	}
	return e.out.GetData(), nil
}

func (e *onnx) name() string { return "ONNX Runtime " + e.version }

// Close frees everything; what was not opened is passed over.
func (e *onnx) Close() {
	if e.session != nil {
		_ = e.session.Destroy()
	}
	for _, t := range []*ort.Tensor[float32]{e.in, e.out} {
		if t != nil {
			_ = t.Destroy()
		}
	}
	_ = ort.DestroyEnvironment()
}
