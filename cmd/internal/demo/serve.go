package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"shouwang"
)

// process is the running service.
type process struct {
	cmd  *exec.Cmd
	done chan error
}

// config is what the demo changes of the defaults: its cameras live on
// loopback, which no real deployment should dial.
const config = `# written by make demo
ingest:
  allow: [127.0.0.0/8]
storage:
  min_free: 268435456
web:
  media_udp: %[1]q
  media_tcp: %[1]q
analyze:
  model: %[2]q
`

// start runs the service on the demo's data. It ends with ctx.
func start(ctx context.Context, o Options) (*process, error) {
	path := filepath.Join(o.Data, "demo.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, config, o.Media, o.Model), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, o.Service, "serve", "--config", path, "--data", o.Data,
		"--http", o.HTTP, "--rtsp", o.RTSP, "--log", o.LogLevel.String())
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	// A terminal's Ctrl-C reaches the whole group; the service is told once, by us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "the service %s cannot be started: %w; run make build", o.Service, err)
	}
	p := &process{cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// ready waits until the service says that it is, at most a minute.
func (p *process) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if ask(ctx, "http://"+addr+"/readyz") {
			return nil
		}
		select {
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("the service ended before it was ready: %w", errOrEnded(err))
		case <-ctx.Done():
			return fmt.Errorf("the service did not become ready within a minute: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// wait returns when ctx is done, or with an error when the service ends first.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.done:
		p.done <- err
		return fmt.Errorf("the service ended: %w", errOrEnded(err))
	}
}

// stop waits for the service's end, which the context has begun.
func (p *process) stop() error {
	err := <-p.done
	var exit *exec.ExitError
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &exit) && exit.ExitCode() <= 0 {
		return nil
	}
	return fmt.Errorf("stop service: %w", err)
}

func errOrEnded(err error) error {
	if err == nil {
		return errors.New("it stopped by itself")
	}
	return err
}
