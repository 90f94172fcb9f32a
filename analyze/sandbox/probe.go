package sandbox

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attempt is one thing that a locked-in process must not be able to do.
type Attempt struct {
	Name string
	// Err is what the kernel answered; nil means that it was done.
	Err error
}

// Probe tries to get out, on the calling thread. Tests and the analyzer's
// --selftest run it, so that a change of kernel or of list is noticed. The
// arguments are such that nothing comes of an attempt that is not refused: the
// filter answers EPERM before the kernel looks at them.
func Probe() []Attempt {
	return []Attempt{
		{"read a file", open("/etc/passwd", unix.O_RDONLY)},
		{"write a file", open(os.TempDir(), unix.O_WRONLY|unix.O_TMPFILE)},
		{"open a device", open("/dev/null", unix.O_RDWR)},
		{"list a folder", open("/", unix.O_RDONLY|unix.O_DIRECTORY)},
		{"look at a file", raw(unix.SYS_NEWFSTATAT, at, text("/etc/passwd"), uintptr(unsafe.Pointer(new(unix.Stat_t))), 0)},
		{"open a network socket", raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0)},
		{"open a local socket", raw(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)},
		{"connect", raw(unix.SYS_CONNECT, 0, 0, 0)},
		{"run a program", raw(unix.SYS_EXECVE, text("/nonexistent/program"), 0, 0)},
		{"make a process", fork()},
		{"make memory executable", raw(unix.SYS_MMAP, 0, 4096, unix.PROT_EXEC|unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON, ^uintptr(0), 0)},
		{"signal another process", raw(unix.SYS_KILL, uintptr(unix.Getppid()), 0)},
		{"trace a process", raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, ^uintptr(0), 0, 0)},
		{"read another's memory", raw(unix.SYS_PROCESS_VM_READV, uintptr(unix.Getppid()), 0, 0, 0, 0, 0)},
		{"make an io_uring", raw(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&[30]uint32{})))},
		{"load a bpf program", raw(unix.SYS_BPF, 0, 0, 0)},
		{"change root", raw(unix.SYS_CHROOT, text("/"))},
		{"change a limit", raw(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, uintptr(unsafe.Pointer(&unix.Rlimit{})), 0)},
	}
}

const at = ^uintptr(99) // AT_FDCWD, -100

func text(s string) uintptr {
	p, _ := unix.BytePtrFromString(s)
	return uintptr(unsafe.Pointer(p))
}

func open(path string, flags int) error {
	fd, err := unix.Openat(unix.AT_FDCWD, path, flags, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// fork makes a child the way fork does. If that works the child ends at once.
func fork() error {
	pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e == 0 && pid == 0 {
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	return errno(e)
}

func raw(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	_, _, e := syscall.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
	return errno(e)
}

func errno(e syscall.Errno) error {
	if e != 0 {
		return e
	}
	return nil
}
