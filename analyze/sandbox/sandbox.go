// Package sandbox takes from a process everything that looking at pictures
// does not need: files, sockets, other programs, other processes, and memory
// without bound. It is applied once, after all libraries are loaded and before
// the first byte of a camera is read, to all threads, and cannot be undone.
//
// Two locks hang on the same door. Landlock refuses to open any file or
// network connection; seccomp refuses the system calls that could, and all
// others that are not on a short list. The list is of what the Go runtime,
// libavcodec and x264 really use once they run.
package sandbox

import (
	"errors"
	"fmt"

	"github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// ErrUnsupported says that the kernel lacks one of the two locks.
var ErrUnsupported = errors.New("this kernel cannot lock the analyzer in")

// Limits bound what the process may use.
type Limits struct {
	// Memory bounds private writable memory, in bytes (RLIMIT_DATA). The
	// address space is not bounded: the Go runtime reserves much of it and
	// uses little.
	Memory int64
}

// Apply locks the calling process in and returns a word on what is in force.
// On an error the process must not go on: it may be locked in by half. The
// error is ErrUnsupported when the kernel cannot do it.
func Apply(l Limits) (string, error) {
	abi, err := landlocksys.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return "", fmt.Errorf("%w: no landlock (Linux 5.13 or later, with landlock in lsm=)", ErrUnsupported)
	}
	if !seccomp.Supported() {
		return "", fmt.Errorf("%w: no seccomp", ErrUnsupported)
	}
	if err := limit(l); err != nil {
		return "", err
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		return "", fmt.Errorf("apply landlock: %w", err)
	}
	if err := filter(); err != nil {
		return "", err
	}
	return fmt.Sprintf("landlock v%d, seccomp", abi), nil
}

// limit sets the resource limits. No dump may be written, as it would hold
// pictures, and few descriptors be held.
func limit(l Limits) error {
	for _, r := range []struct {
		what  int
		value uint64
	}{
		{unix.RLIMIT_DATA, uint64(l.Memory)}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_NOFILE, 32},
	} {
		if r.what == unix.RLIMIT_DATA && l.Memory <= 0 {
			continue
		}
		if err := unix.Setrlimit(r.what, &unix.Rlimit{Cur: r.value, Max: r.value}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", r.what, err)
		}
	}
	return nil
}

// allowed is every system call that may be made with any arguments. None of
// them names a file, a host or another process.
var allowed = []string{
	// the socket and standard error, both open already
	"read", "write", "writev", "close", "fstat", "lseek",
	// memory (mmap, mprotect and mremap: see below)
	"munmap", "madvise", "brk", "mremap",
	// threads and time
	"futex", "nanosleep", "clock_nanosleep", "clock_gettime", "gettimeofday", "sched_yield", "sched_getaffinity",
	"set_robust_list", "rseq", "membarrier", "exit", "exit_group", "gettid", "getpid", "restart_syscall", "set_tid_address",
	// signals to oneself
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
	// the Go runtime's poller
	"epoll_create1", "epoll_ctl", "epoll_pwait", "eventfd2", "pipe2", "poll", "ppoll",
	"getrandom", "getrusage", "uname",
}

// filter installs the system call list on all threads. What is not on it
// answers EPERM; clone3 answers ENOSYS, which the C library takes as a hint to
// use clone, whose flags can be looked at.
func filter() error {
	info, err := arch.GetInfo("")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	var names []string
	for _, n := range allowed {
		if _, known := info.SyscallNames[n]; known { // poll is not on every machine
			names = append(names, n)
		}
	}
	policy := seccomp.Policy{
		DefaultAction: seccomp.ActionErrno,
		Syscalls: []seccomp.SyscallGroup{
			{Action: seccomp.ActionAllow, Names: names},
			{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
				// threads, not processes
				when("clone", 0, seccomp.BitsSet, unix.CLONE_THREAD|unix.CLONE_VM|unix.CLONE_SIGHAND),
				// memory that cannot be run
				when("mmap", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
				when("mprotect", 2, seccomp.BitsNotSet, unix.PROT_EXEC),
				// signals to oneself
				when("tgkill", 0, seccomp.Equal, uint64(unix.Getpid())),
			}},
			{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}},
		},
	}
	f := seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: policy}
	if err := seccomp.LoadFilter(f); err != nil {
		return fmt.Errorf("apply seccomp: %w", err)
	}
	return nil
}

func when(name string, arg uint32, op seccomp.Operation, value uint64) seccomp.NameWithConditions {
	return seccomp.NameWithConditions{Name: name, Conditions: seccomp.ArgumentConditions{{Argument: arg, Operation: op, Value: value}}}
}
