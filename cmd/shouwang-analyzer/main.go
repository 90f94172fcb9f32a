// Command shouwang-analyzer decodes and looks at what cameras send. It is
// started by shouwang, with its end of a socketpair as descriptor 3, and after
// its start opens no file and no connection: see package sandbox.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"shouwang"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/scene"
	"shouwang/analyze/wire"
	"shouwang/analyze/worker"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("shouwang-analyzer", flag.ContinueOnError)
	flags.SetOutput(stderr)
	fd := flags.Int("socket", -1, "descriptor of the socket to shouwang")
	_ = flags.Int64("memory", 2<<30, "bound of this process's memory, in bytes")
	noSandbox := flags.Bool("no-sandbox", false, "run without seccomp and landlock")
	if err := flags.Parse(args); err != nil {
		os.Exit(2)
	}
	_ = noSandbox
	if *fd < 0 {
		return fmt.Errorf("shouwang-analyzer is started by shouwang and has no use of its own")
	}
	return worker.Run(socket(*fd), worker.Config{NewDetector: newDetector, NewRenderer: newRenderer, Limits: nal.DefaultLimits, Sandbox: "off"})
}

// sceneDetector joins scene.Model to the worker.
type sceneDetector struct{ *scene.Model }

func (d sceneDetector) Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) worker.Result {
	return worker.Result(d.Model.Observe(luma, stride, width, height, pts, key))
}

func newDetector(model string, config []byte) (worker.Detector, error) {
	switch model {
	case "", "scene":
		var c scene.Config
		if len(config) > 0 {
			if err := json.Unmarshal(config, &c); err != nil {
				return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the detector's configuration cannot be read: %w", err)
			}
		}
		return sceneDetector{scene.New(c)}, nil
	}
	return nil, shouwang.Errorf(shouwang.CodeBadConfig, "there is no detector %q", model)
}

func newRenderer(wire.RenderSpec) (worker.Renderer, error) {
	return nil, shouwang.Errorf(shouwang.CodeInternal, "this analyzer cannot render")
}

// socket is a blocking socket, read and written by the one thread that works.
type socket int

func (s socket) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(int(s), p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, fmt.Errorf("read socket: %w", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (s socket) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(int(s), p[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, fmt.Errorf("write socket: %w", err)
		}
		done += n
	}
	return done, nil
}
