// Command shouwang-analyzer decodes and looks at what cameras send. It is
// started by shouwang, with its end of a socketpair as descriptor 3, and after
// its start opens no file and no connection: see package sandbox.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"shouwang/analyze/decode"
	"shouwang/analyze/decode/nal"
	"shouwang/analyze/render"
	"shouwang/analyze/sandbox"
	"shouwang/analyze/worker"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("shouwang-analyzer", flag.ContinueOnError)
	flags.SetOutput(stderr)
	fd := flags.Int("socket", -1, "descriptor of the socket to shouwang")
	memory := flags.Int64("memory", 2<<30, "bound of this process's memory, in bytes")
	free := flags.Bool("no-sandbox", false, "run without seccomp and landlock")
	model := flags.String("model", "", "the classifier's ONNX file")
	library := flags.String("onnxruntime", "", "ONNX Runtime's library")
	try := flags.Bool("try-model", false, "load the classifier's model, say what runs it, and end")
	selftest := flags.Bool("selftest", false, "lock in, try to get out, say what happened")
	if err := flags.Parse(args); err != nil {
		os.Exit(2)
	}
	if *try {
		return tryModel(stdout, *model, *library)
	}
	if *fd < 0 && !*selftest {
		return errors.New("shouwang-analyzer is started by shouwang and is of no use by itself")
	}
	decode.Thrift()
	runtime.GOMAXPROCS(2)             // one thread works, one collects garbage; set, so that no file is read for it later
	debug.SetMemoryLimit(*memory / 4) // the rest is libavcodec's
	debug.SetGCPercent(10)            // models hold no pointers: looking at them costs little
	time.Local = time.UTC             // the zone's file cannot be opened later
	name, err := openNamer(*model, *library)
	if err != nil {
		return err
	}
	inForce := "off"
	if !*free {
		if inForce, err = sandbox.Apply(sandbox.Limits{Memory: *memory}); err != nil {
			return fmt.Errorf("shouwang-analyzer does not start unlocked: %w; analyze.unsandboxed accepts the risk", err)
		}
	}
	if *selftest {
		return tryOut(stdout)
	}
	cfg := worker.Config{
		NewDetector: newDetector, NewRenderer: newRenderer, NewScene: func() worker.Scene { return render.NewScene() },
		Limits: nal.DefaultLimits, Sandbox: inForce,
	}
	if name != nil {
		cfg.Classifier = name
	}
	return worker.Run(socket(*fd), cfg)
}

// tryModel says what runs the model. A library that ends the process over a
// file it cannot read ends this one, not one that looks at cameras.
func tryModel(out io.Writer, model, library string) error {
	n, err := openNamer(model, library)
	if err != nil {
		return err
	}
	if n == nil {
		return errors.New("say which model: --model FILE")
	}
	defer n.Close()
	fmt.Fprintln(out, n.Name())
	return nil
}

// tryOut reports each attempt to leave the sandbox; one that succeeds is an
// error.
func tryOut(out io.Writer) error {
	var err error
	for _, a := range sandbox.Probe() {
		fmt.Fprintf(out, "%s: %v\n", a.Name, a.Err)
		if a.Err == nil {
			err = errors.New("the sandbox leaks")
		}
	}
	return err
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
