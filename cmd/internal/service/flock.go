package service

import (
	"os"

	"golang.org/x/sys/unix"
)

// flock takes the file without waiting; the kernel gives it back when the
// process ends, however it ends.
func flock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
