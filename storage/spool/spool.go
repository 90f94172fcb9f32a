// Package spool is the folder where segments are written, wait for the bucket,
// and are read from until they are there.
//
// A segment is ID.part while it is written and ID.sws when it is whole and
// synced.
package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"shouwang"
	"shouwang/storage"
)

// Options of a Spool.
type Options struct {
	// MinFree is how many bytes of its file system are left alone; 0 means
	// 512 MiB.
	MinFree int64
	// MaxBytes bounds the segments that wait for the bucket; 0 means no bound.
	MaxBytes int64
	// Space returns the free bytes of the file system of a folder; nil asks the
	// kernel. Tests make disks full with it.
	Space func(dir string) (int64, error)
	// NoSync leaves fragments in the page cache: what a loss of power, not the
	// death of the process, can then take is up to half a minute.
	NoSync bool
}

// Spool is the folder. It is safe for concurrent use.
type Spool struct {
	dir     string
	opts    Options
	waiting atomic.Int64 // bytes of whole segments
}

// Open makes the folder (mode 0700) if need be.
func Open(dir string, opts Options) (*Spool, error) {
	if opts.MinFree == 0 {
		opts.MinFree = 512 << 20
	}
	if opts.Space == nil {
		opts.Space = freeSpace
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "spool folder %s cannot be used: %w", dir, err)
	}
	s := &Spool{dir: dir, opts: opts}
	whole, _, err := s.List()
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "spool folder %s cannot be read: %w", dir, err)
	}
	for _, id := range whole {
		if info, err := os.Stat(s.Path(id)); err == nil {
			s.waiting.Add(info.Size())
		}
	}
	return s, nil
}

func freeSpace(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// Room returns nil when a segment may be begun or gone on with, else an Error
// with CodeDiskFull that says which bound is reached.
func (s *Spool) Room() error {
	free, err := s.opts.Space(s.dir)
	if err != nil {
		return err
	}
	if free < s.opts.MinFree {
		return shouwang.Errorf(shouwang.CodeDiskFull, "disk of %s is full: %d MiB are free and %d are kept free; delete something else or add space",
			s.dir, free>>20, s.opts.MinFree>>20)
	}
	if s.opts.MaxBytes > 0 && s.waiting.Load() >= s.opts.MaxBytes {
		return shouwang.Errorf(shouwang.CodeDiskFull, "spool %s is full: %d MiB wait for the object store, which does not take them; check that it is reachable",
			s.dir, s.waiting.Load()>>20)
	}
	return nil
}

// Waiting returns the bytes of whole segments in the spool.
func (s *Spool) Waiting() int64 { return s.waiting.Load() }

// Path returns where a whole segment stands.
func (s *Spool) Path(id storage.SegmentID) string { return filepath.Join(s.dir, string(id)+".sws") }

// PartPath returns where a segment that is being written stands.
func (s *Spool) PartPath(id storage.SegmentID) string {
	return filepath.Join(s.dir, string(id)+".part")
}

// List returns the whole segments and those left open, by id. Files that are
// neither are not touched.
func (s *Spool) List() (whole, open []storage.SegmentID, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("list spool: %w", err)
	}
	for _, e := range entries {
		name, kind, _ := strings.Cut(e.Name(), ".")
		id := storage.SegmentID(name)
		switch {
		case !id.Valid():
		case kind == "sws":
			whole = append(whole, id)
		case kind == "part":
			open = append(open, id)
		}
	}
	return whole, open, nil
}

// Remove deletes a segment in either form; one that is not there is no error.
func (s *Spool) Remove(id storage.SegmentID) error {
	if info, err := os.Stat(s.Path(id)); err == nil {
		s.waiting.Add(-info.Size())
	}
	for _, path := range []string{s.Path(id), s.PartPath(id)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove from spool: %w", err)
		}
	}
	return nil
}

// Adopted notes that a whole segment was moved out of the spool.
func (s *Spool) Adopted(size int64) { s.waiting.Add(-size) }

// ReadAt reads a whole segment's sealed bytes; storage.ErrNotExist when it is
// not (or no longer) here.
func (s *Spool) ReadAt(id storage.SegmentID, p []byte, off int64) (int, error) {
	f, err := os.Open(s.Path(id))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}

// File is a segment that is being written.
type File struct {
	*os.File
	spool *Spool
	id    storage.SegmentID
}

// Create begins a segment's file, its name synced.
func (s *Spool) Create(id storage.SegmentID) (*File, error) {
	f, err := os.OpenFile(s.PartPath(id), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, diskError("begin segment", err)
	}
	if err := s.syncDir(); err != nil {
		_ = f.Close()
		return nil, diskError("begin segment", err)
	}
	return &File{File: f, spool: s, id: id}, nil
}

// Reopen opens a segment that was left open, for repair.
func (s *Spool) Reopen(id storage.SegmentID) (*File, error) {
	f, err := os.OpenFile(s.PartPath(id), os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("reopen segment: %w", err)
	}
	return &File{File: f, spool: s, id: id}, nil
}

// Write implements io.Writer; a full disk gives an Error with CodeDiskFull.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, diskError("write segment", err)
}

// Progress makes what was written durable.
func (f *File) Progress() error {
	if f.spool.opts.NoSync {
		return nil
	}
	return diskError("sync segment", unix.Fdatasync(int(f.Fd())))
}

// Commit syncs and closes the file and gives it its final name, durably.
func (f *File) Commit() error {
	info, err := f.Stat()
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return diskError("finish segment", err)
	}
	if err := os.Rename(f.spool.PartPath(f.id), f.spool.Path(f.id)); err != nil {
		return diskError("finish segment", err)
	}
	f.spool.waiting.Add(info.Size())
	return diskError("finish segment", f.spool.syncDir())
}

// Discard closes and removes the file.
func (f *File) Discard() {
	_ = f.Close()
	_ = os.Remove(f.spool.PartPath(f.id))
}

func (s *Spool) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskError gives errors of a full disk their code.
func diskError(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return shouwang.Errorf(shouwang.CodeDiskFull, what+": the disk is full: %w", err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

var _ io.Writer = (*File)(nil)
