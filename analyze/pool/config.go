// Package pool starts shouwang-analyzer processes, shares cameras out to them
// and brings back what they see. It is pure Go: everything that touches
// a camera's pictures happens in those processes, and one that dies, hangs or
// grows takes nothing with it but its own work in hand.
package pool

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"shouwang"
)

// DefaultQuarantine is how long a poison stream is shut out.
const DefaultQuarantine = time.Hour

// Config is how a Pool works. The zero value of a field means its default.
type Config struct {
	// Workers is the number of analyzer processes; one per core.
	Workers int `yaml:"workers"`
	// Binary is the path of shouwang-analyzer; beside our own executable.
	Binary string `yaml:"binary"`
	// NoSandbox lets the analyzers run without seccomp and landlock, for
	// kernels that have none. Camera bytes are then decoded with the rights
	// of this process.
	NoSandbox bool `yaml:"no_sandbox"`
	// Memory bounds one analyzer process, in bytes; 2 GiB.
	Memory int64 `yaml:"memory"`
	// Watchdog is the CPU time that one access unit may take before its
	// process is killed; 2 s. Ten times as much wall time is the bound on
	// a machine that is too busy to give CPU time.
	Watchdog time.Duration `yaml:"watchdog"`
	// Cores is how much CPU time one analyzer process may take, in cores over
	// twice Watchdog, before it is ended; 1.5. It works in one thread, with
	// another for garbage: more is none of our doing.
	Cores float64 `yaml:"cores"`
	// Queue bounds the access units that wait for one camera; 256, and
	// QueueBytes their bytes; 16 MiB.
	Queue      int `yaml:"queue"`
	QueueBytes int `yaml:"queue_bytes"`
	// Quarantine is how long a poison stream stays shut out; 1 h.
	Quarantine time.Duration `yaml:"quarantine"`

	// Model is the ONNX file of the classifier, Runtime the path of ONNX
	// Runtime's library; without a model nothing is named, without the library
	// OpenCV runs the model.
	Model   string `yaml:"model"`
	Runtime string `yaml:"onnxruntime"`
	// ModelNeeded makes a model that cannot be used an error of New. Without
	// it that is said in the log, and nothing is named.
	ModelNeeded bool `yaml:"-"`

	Logger *slog.Logger     `yaml:"-"`
	Now    func() time.Time `yaml:"-"`
	// OnQuarantine is told of a camera whose stream kills its process. It is
	// called from a goroutine of the pool and must not block.
	OnQuarantine func(cam shouwang.CameraID, reason string) `yaml:"-"`
	// Zone is the time zone of burned-in times; time.Local.
	Zone *time.Location `yaml:"-"`
}

// Validate reports the first setting that cannot work, as CodeBadConfig.
func (c *Config) Validate() error {
	switch {
	case c.Workers < 0 || c.Workers > 256:
		return shouwang.Errorf(shouwang.CodeBadConfig, "analyze.workers must be 0 (one per core) to 256, not %d", c.Workers)
	case c.Memory != 0 && c.Memory < 256<<20:
		return shouwang.Errorf(shouwang.CodeBadConfig, "analyze.memory must be at least 256 MiB, not %d bytes", c.Memory)
	case c.Cores < 0:
		return shouwang.Errorf(shouwang.CodeBadConfig, "analyze.cores must not be negative: write how many cores one analyzer may take, or 0 for 1.5")
	case c.Watchdog < 0 || c.Queue < 0 || c.QueueBytes < 0 || c.Quarantine < 0:
		return shouwang.Errorf(shouwang.CodeBadConfig, "analyze: watchdog, queue, queue_bytes and quarantine must not be negative")
	case c.Queue > 1<<16:
		return shouwang.Errorf(shouwang.CodeBadConfig, "analyze.queue must be at most 65536, not %d", c.Queue)
	}
	return nil
}

func (c Config) withDefaults() Config {
	set(&c.Workers, runtime.NumCPU())
	set(&c.Memory, 2<<30)
	set(&c.Watchdog, 2*time.Second)
	set(&c.Cores, 1.5)
	set(&c.Queue, 256)
	set(&c.QueueBytes, 16<<20)
	set(&c.Quarantine, DefaultQuarantine)
	set(&c.Zone, time.Local)
	if c.Model != "" && c.Runtime == "" {
		c.Runtime = findRuntime()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// findRuntime returns where ONNX Runtime's library usually is, or "": beside our
// own executable, or where a distribution puts it.
func findRuntime() string {
	places := []string{"/usr/local/lib/libonnxruntime.so.1", "/usr/lib/x86_64-linux-gnu/libonnxruntime.so.1", "/usr/lib/aarch64-linux-gnu/libonnxruntime.so.1"}
	if exe, err := os.Executable(); err == nil {
		dir := filepath.Dir(exe)
		places = append([]string{filepath.Join(dir, "libonnxruntime.so.1"), filepath.Join(dir, "../.cache/onnxruntime/libonnxruntime.so.1")}, places...)
	}
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

// findBinary returns the analyzer's path, or CodeNoAnalyzer.
func findBinary(configured string) (string, error) {
	path := configured
	if path == "" {
		exe, err := os.Executable()
		if err != nil {
			return "", shouwang.Errorf(shouwang.CodeNoAnalyzer, "cannot tell where shouwang-analyzer is: set analyze.binary: %w", err)
		}
		path = filepath.Join(filepath.Dir(exe), "shouwang-analyzer")
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", shouwang.Errorf(shouwang.CodeNoAnalyzer, "there is no shouwang-analyzer at %s: run `make build` or set analyze.binary", path)
	case err != nil:
		return "", shouwang.Errorf(shouwang.CodeNoAnalyzer, "shouwang-analyzer cannot be used: %w", err)
	case info.IsDir() || info.Mode()&0o111 == 0:
		return "", shouwang.Errorf(shouwang.CodeNoAnalyzer, "%s is not an executable file: set analyze.binary", path)
	}
	return path, nil
}
