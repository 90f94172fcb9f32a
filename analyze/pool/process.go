package pool

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"shouwang"
)

// process is one running shouwang-analyzer.
type process struct {
	cmd    *exec.Cmd
	conn   *net.UnixConn
	stderr tail
	pid    int

	condemned bool  // guarded by Pool.mu: killed by us, for what it did
	greedy    bool  // guarded by Pool.mu: killed for CPU time taken besides its work
	rss       int64 // guarded by Pool.mu: resident bytes when last looked at
}

// death is how a process ended.
type death struct {
	text   string
	signal syscall.Signal // that ended it, 0 if none
}

// outside reports whether a signal from elsewhere ended it, as an operator or
// another program sends one: no stream is to blame for that. A process that
// was large when it was killed may have been the kernel's choice for want of
// memory, and that a stream can bring about. Call under mu.
func (d death) outside(pr *process, bound int64) bool {
	if pr.greedy { // which unit led to it cannot be told
		return true
	}
	switch d.signal {
	case syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGPIPE:
		return !pr.condemned
	case syscall.SIGKILL:
		return !pr.condemned && pr.rss < bound/2
	}
	return false
}

// niceness is how far analyzers stand back from this process: when both want
// the same core, receiving and recording get three quarters of it.
const niceness = 5

// spawner runs process starts on one thread that lives as long as the pool:
// the kernel sends a child its parent-death signal when the thread that
// started it ends, and Go ends threads as it pleases. The thread's niceness is
// what children inherit; the sandbox lets none change its own.
func (p *Pool) spawner() {
	runtime.LockOSThread()
	if own, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil {
		// The system call counts from 40 down. More nice is always allowed.
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, min(19, 20-own+niceness))
	}
	for {
		select {
		case f := <-p.spawn:
			f()
		case <-p.idle:
			return // and the thread ends, as it is still locked
		}
	}
}

// start launches one analyzer.
func (p *Pool) start() (*process, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make socketpair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "analyzer"), os.NewFile(uintptr(fds[1]), "shouwang")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, fmt.Errorf("use socketpair: %w", err)
	}
	pr := &process{conn: conn.(*net.UnixConn), cmd: exec.Command(p.binary, p.arguments()...)}
	pr.cmd.ExtraFiles = []*os.File{theirs} // descriptor 3
	pr.cmd.Env = environment()
	pr.cmd.Dir = "/"
	pr.cmd.Stderr = &pr.stderr
	// Its own group: Ctrl-C must not reach it before the service is done.
	pr.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	select {
	case p.spawn <- func() { started <- pr.cmd.Start() }:
	case <-p.stop:
		conn.Close()
		return nil, ErrClosed
	}
	if err := <-started; err != nil {
		conn.Close()
		return nil, shouwang.Errorf(shouwang.CodeNoAnalyzer, "shouwang-analyzer does not start: %w", err)
	}
	pr.pid = pr.cmd.Process.Pid
	return pr, nil
}

func (p *Pool) arguments() []string {
	args := []string{"--socket=3", "--memory=" + strconv.FormatInt(p.cfg.Memory, 10)}
	if p.cfg.NoSandbox {
		args = append(args, "--no-sandbox")
	}
	return append(args, p.modelArguments()...)
}

// environment is all that an analyzer learns of ours: where its libraries are.
// Passwords that a deployment puts into variables stay here.
func environment() []string {
	env := []string{"LANG=C.UTF-8"}
	for _, name := range []string{"LD_LIBRARY_PATH", "GOCOVERDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// hangUp tells the process to go: it ends when its socket does.
func (pr *process) hangUp() { _ = pr.conn.CloseWrite() }

// kill ends the process at once.
func (pr *process) kill() { _ = unix.Kill(pr.pid, unix.SIGKILL) }

// condemn ends the process for something it did.
func (pr *process) condemn(p *Pool) {
	p.mu.Lock()
	pr.condemned = true
	p.mu.Unlock()
	pr.kill()
}

// linger is how long a process whose socket has closed may take to be gone:
// until then what ended it stands, and killing it would hide that.
const linger = 500 * time.Millisecond

// reap waits for a process whose connection is over. One that broke the
// protocol, or hung up without ending, is killed.
func (pr *process) reap(p *Pool, closing bool, cause error) death {
	if !closing {
		if hungUp(cause) {
			late := time.AfterFunc(linger, func() { pr.condemn(p) })
			defer late.Stop()
		} else {
			pr.condemn(p)
		}
	}
	return pr.wait()
}

// hungUp reports whether reading ended because the other side is gone, be it
// within a message, or with something of ours unread, or noticed by writing.
func hungUp(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// wait reaps the process, which has been told to go or is gone, and says how
// it ended.
func (pr *process) wait() death {
	late := time.AfterFunc(2*time.Second, pr.kill)
	defer late.Stop()
	err := pr.cmd.Wait()
	pr.conn.Close()
	text := "exit status 0"
	var signal syscall.Signal
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		text = exit.Error()
		if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() {
			signal = st.Signal()
		}
	case err != nil:
		text = err.Error()
	}
	if said := pr.stderr.line(); said != "" {
		text += ": " + said
	}
	return death{text, signal}
}

// clock returns the process's CPU time to the nanosecond, which /proc knows to
// the hundredth of a second only: too coarse for what cheap streams take.
func (pr *process) clock() (time.Duration, bool) {
	const scheduled = 2 // CPUCLOCK_SCHED of linux/posix-timers.h
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pr.pid)<<3|scheduled, &t); err != nil {
		return 0, false
	}
	return time.Duration(t.Nano()), true
}

// usage returns the process's CPU time and resident bytes.
func (pr *process) usage() (cpu time.Duration, rss int64) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pr.pid) + "/stat")
	if err != nil {
		return 0, 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything
	f := strings.Fields(rest)
	if len(f) < 22 {
		return 0, 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	pages, _ := strconv.ParseInt(f[21], 10, 64)
	cpu, exact := pr.clock()
	if !exact {
		cpu = time.Duration(user+system) * (time.Second / 100)
	}
	return cpu, pages * int64(os.Getpagesize())
}

// tail keeps the first line that the process wrote to standard error, which
// says what happened; a crash dump follows it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[:min(len(p), max(0, 512-len(t.text)))]...)
	return len(p), nil
}

func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, _, _ := strings.Cut(strings.TrimSpace(string(t.text)), "\n")
	return first
}
