// Package folder is a storage.Bucket in a directory of the local disk.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage"
)

// tempPrefix begins the names of unfinished Puts; a valid object name never
// begins with a dot.
const tempPrefix = ".put-"

// Bucket keeps each object as a file under its name below a root folder. It is
// safe for concurrent use, by several processes too.
type Bucket struct{ root string }

// Open makes the folder (mode 0700) if need be and clears what unfinished Puts
// of an earlier process left behind.
func Open(root string) (*Bucket, error) {
	root, err := filepath.Abs(root)
	if err == nil {
		err = os.MkdirAll(root, 0o700)
	}
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "clip folder %s cannot be used: %w", root, err)
	}
	stale, _ := filepath.Glob(filepath.Join(root, tempPrefix+"*"))
	for _, name := range stale {
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(name) // a younger one may be another process's
		}
	}
	return &Bucket{root: root}, nil
}

func (b *Bucket) path(name string) (string, error) {
	if !storage.ValidName(name) {
		return "", fmt.Errorf("object %q: %w", name, storage.ErrBadName)
	}
	return filepath.Join(b.root, filepath.FromSlash(name)), nil
}

// Put implements storage.Bucket: a temporary file in the root, synced, renamed
// into place, and the folders on the way synced.
func (b *Bucket) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	path, err := b.path(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(b.root, tempPrefix)
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	err = fill(ctx, f, r, size)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("put %s: %w", name, err)
	}
	if err := b.moveIn(f.Name(), path); err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("put %s: %w", name, err)
	}
	return nil
}

func fill(ctx context.Context, f *os.File, r io.Reader, size int64) error {
	n, err := io.Copy(f, io.LimitReader(&ctxReader{ctx, r}, size+1))
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("reader gave another number of bytes than the %d announced", size)
	}
	return f.Sync()
}

// Adopt takes over a file that is already whole and synced, by renaming it into
// the bucket: a Put without a copy. It works within one file system only.
func (b *Bucket) Adopt(_ context.Context, name, file string) error {
	path, err := b.path(name)
	if err != nil {
		return err
	}
	if err := b.moveIn(file, path); err != nil {
		return fmt.Errorf("adopt %s: %w", name, err)
	}
	return nil
}

// moveIn renames a synced file to path; after it the new name is durable.
func (b *Bucket) moveIn(file, path string) error {
	var made []string
	var err error
	for range 20 { // a Delete may remove a folder just before its use
		if made, err = mkdirs(b.root, filepath.Dir(path)); err == nil {
			err = os.Rename(file, path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return err
	}
	for _, dir := range append(made, filepath.Dir(path)) {
		if err := syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // a folder that is gone took the object with it: somebody deleted it
		}
	}
	return nil
}

// mkdirs makes dir below root and returns the folders whose entries changed.
func mkdirs(root, dir string) ([]string, error) {
	var changed []string
	for at := dir; at != root; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil {
			break
		}
		changed = append(changed, filepath.Dir(at))
	}
	return changed, os.MkdirAll(dir, 0o700)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get implements storage.Bucket.
func (b *Bucket) Get(_ context.Context, name string, off, n int64) (io.ReadCloser, error) {
	f, err := b.open(name)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		n = 1<<62 - 1
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, off, n), f}, nil
}

func (b *Bucket) open(name string) (*os.File, error) {
	path, err := b.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("get %s: %w", name, err)
	}
	return f, nil
}

// Stat implements storage.Bucket.
func (b *Bucket) Stat(_ context.Context, name string) (storage.Object, error) {
	path, err := b.path(name)
	if err != nil {
		return storage.Object{}, err
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() || isNotDir(err) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return storage.Object{}, fmt.Errorf("stat %s: %w", name, err)
	}
	return storage.Object{Name: name, Size: info.Size(), Modified: info.ModTime()}, nil
}

// isNotDir tells a name below an object, which holds nothing.
func isNotDir(err error) bool { return err != nil && strings.Contains(err.Error(), "not a directory") }

// Delete implements storage.Bucket. Folders left empty are removed.
func (b *Bucket) Delete(_ context.Context, name string) error {
	path, err := b.path(name)
	if err != nil {
		return err
	}
	err = os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	dir := filepath.Dir(path)
	for dir != b.root && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
	}
	if err := syncDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

// List implements storage.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string, yield func(storage.Object) error) error {
	var all []storage.Object
	err := filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // deleted meanwhile
			}
			return err
		}
		rel, _ := filepath.Rel(b.root, path)
		name := filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && !strings.HasPrefix(name+"/", prefix) && !strings.HasPrefix(prefix, name+"/") {
				return fs.SkipDir
			}
			return ctx.Err()
		}
		info, err := d.Info()
		if err != nil || !storage.ValidName(name) || !strings.HasPrefix(name, prefix) {
			return nil
		}
		all = append(all, storage.Object{Name: name, Size: info.Size(), Modified: info.ModTime()})
		return nil
	})
	if err != nil {
		return fmt.Errorf("list %q: %w", prefix, err)
	}
	// WalkDir goes by path elements, the contract by bytes of the whole name.
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	for _, object := range all {
		if err := errors.Join(ctx.Err(), yield(object)); err != nil {
			return err
		}
	}
	return nil
}

// ctxReader stops reading when its context ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
