package classify

import (
	"errors"

	"shouwang"
)

// openCV is nil where OpenCV is left out of the build.
var openCV func(model string) (engine, error)

// open takes ONNX Runtime where its library is, else OpenCV.
func open(cfg Config) (engine, error) {
	var first error
	if cfg.Runtime != "" {
		e, err := openORT(cfg.Model, cfg.Runtime)
		if err == nil {
			return e, nil
		}
		first = err
	}
	if openCV == nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "nothing here can run the classifier's model: give ONNX Runtime's library, or build with OpenCV (%w)", orNone(first))
	}
	e, err := openCV(cfg.Model)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the classifier's model cannot be loaded: %w", errors.Join(first, err))
	}
	return e, nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("no library was named")
	}
	return err
}
