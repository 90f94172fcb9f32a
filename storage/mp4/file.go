package mp4

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sort"
	"sync"

	"shouwang"
	"shouwang/storage"
)

// Opener gives the plain text of a segment. What it returns needs no closing:
// it must hold nothing open between reads.
type Opener interface {
	Open(ctx context.Context, s *storage.Segment) (io.ReaderAt, error)
}

// File is a span of one camera as an MP4 file that exists nowhere: its index
// is in memory, its samples are read from the sealed segments as they are asked
// for. It implements io.ReadSeeker and io.ReaderAt, so http.ServeContent can
// serve ranges of it. ReadAt is safe for concurrent use; Read and Seek are not.
type File struct {
	ctx    context.Context
	open   Opener
	plan   *plan
	header []byte
	pos    int64

	mu      sync.Mutex
	sources map[int]io.ReaderAt
}

// maxOpen bounds how many segments a File keeps open at once.
const maxOpen = 4

// Assemble makes the file of a span from the segments that overlap it (one
// stream of one camera; erased ones are left out). It begins at the last key
// picture at or before span.From, or the first after it; Span says where.
// Media time is wall time: a gap holds the picture before it. ctx governs all
// later reads. Nothing recorded in the span gives an Error with CodeNotFound,
// too much CodeTooLarge.
func Assemble(ctx context.Context, span shouwang.Span, segments []storage.Segment, open Opener) (*File, error) {
	p, err := makePlan(span, segments)
	if err != nil {
		return nil, err
	}
	header, err := p.header()
	if err != nil {
		return nil, err
	}
	return &File{ctx: ctx, open: open, plan: p, header: header, sources: map[int]io.ReaderAt{}}, nil
}

// Size returns the file's length in bytes.
func (f *File) Size() int64 { return int64(len(f.header)) + f.plan.size }

// Span returns the capture time from the first picture to the end of the last.
func (f *File) Span() shouwang.Span { return shouwang.Span{From: f.plan.from, To: f.plan.to} }

// Params returns the parameter sets of the pictures, in order of appearance.
func (f *File) Params() []*shouwang.Params { return f.plan.params }

// MIME returns the file's type for a browser.
func (f *File) MIME() string { return MIME(f.plan.params[0]) }

// Len returns the number of pictures.
func (f *File) Len() int { return len(f.plan.items) }

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += f.Size()
	}
	if offset < 0 {
		return 0, errors.New("seek in clip: before its beginning")
	}
	f.pos = offset
	return offset, nil
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("read clip: negative offset")
	}
	done := 0
	if off < int64(len(f.header)) {
		done = copy(p, f.header[off:])
	}
	for done < len(p) {
		at := off + int64(done) - int64(len(f.header))
		if at >= f.plan.size {
			return done, io.EOF
		}
		n, err := f.readRun(p[done:], at)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// readRun reads sample data at an offset, to the end of its run at most.
func (f *File) readRun(p []byte, at int64) (int, error) {
	runs := f.plan.runs
	r := &runs[sort.Search(len(runs), func(i int) bool { return runs[i].start > at })-1]
	src, err := f.source(r.segment)
	if err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), r.start+r.size-at)]
	n, err := src.ReadAt(p, r.offset+at-r.start)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = shouwang.Errorf(shouwang.CodeTampered, "segment %s is shorter than the catalog says", f.plan.segments[r.segment].ID)
	}
	return n, err
}

// Prepare opens the first segment, so that a key that is gone is known before
// the first byte is served.
func (f *File) Prepare() error {
	_, err := f.source(f.plan.runs[0].segment)
	return err
}

func (f *File) source(i int) (io.ReaderAt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if src, ok := f.sources[i]; ok {
		return src, nil
	}
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	src, err := f.open.Open(f.ctx, &f.plan.segments[i])
	if err != nil {
		return nil, fmt.Errorf("open segment %s: %w", f.plan.segments[i].ID, err)
	}
	if len(f.sources) >= maxOpen {
		oldest := i
		for k := range f.sources {
			oldest = min(oldest, k)
		}
		if oldest != i {
			delete(f.sources, oldest)
		}
	}
	f.sources[i] = src
	return src, nil
}

// Units yields the pictures in decoding order, each with its bytes, for
// rendering what must not be shown as it is. DTS and PTS are media time from
// the file's start; Wall is capture time. It ends at the first error.
func (f *File) Units() iter.Seq2[*shouwang.AccessUnit, error] {
	return func(yield func(*shouwang.AccessUnit, error) bool) {
		at := int64(len(f.header))
		for i := range f.plan.items {
			unit := f.plan.unit(i)
			unit.Data = make([]byte, f.plan.items[i].Size)
			if _, err := f.ReadAt(unit.Data, at); err != nil && !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
			at += int64(len(unit.Data))
			if !yield(unit, nil) {
				return
			}
		}
	}
}
