package storage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"
)

// ErrNotExist is what a bucket's Get and Stat return (wrapped) for a name that
// holds nothing.
var ErrNotExist = fs.ErrNotExist

// ErrBadName is returned (wrapped) for a name that ValidName refuses.
var ErrBadName = errors.New("bad object name")

// MaxName is the longest object name in bytes.
const MaxName = 512

// Object is what a bucket knows about one stored object.
type Object struct {
	Name     string
	Size     int64 // bytes
	Modified time.Time
}

// Bucket is a flat store of immutable objects by name. The contract, which
// package buckettest executes against every implementation:
//
// Names are those ValidName accepts; any other is refused with ErrBadName and
// nothing is touched. A name and a longer one that goes on with a slash ("a" and
// "a/b") must not both be used: a folder cannot hold them.
//
// Put stores exactly size bytes from r. When it returns nil the object is
// whole and durable: it survives the loss of power of the machine that answers
// for the bucket. When it returns an error, nothing is visible under the name
// that was not there before: no reader ever sees a part. A reader shorter or
// longer than size is an error. Put over an existing name replaces it at once
// as a whole, so repeating a Put whose answer was lost is safe.
//
// Get returns n bytes from offset off, or fewer when the object ends before;
// n < 0 means to the end, and off at or past the end gives no bytes. The caller
// closes the reader. Stat returns size and time of change. Both return
// ErrNotExist for a name that holds nothing.
//
// Delete removes the object, durably. Deleting what is not there is no error,
// so that it can be repeated.
//
// List calls yield for every object whose name begins with prefix, in
// ascending byte order of names, and stops with yield's error if it returns
// one. Objects put or deleted meanwhile may or may not be seen. Parts of
// unfinished Puts never are.
//
// All methods obey ctx, and may be called from any goroutine.
type Bucket interface {
	Put(ctx context.Context, name string, r io.Reader, size int64) error
	Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error)
	Stat(ctx context.Context, name string) (Object, error)
	Delete(ctx context.Context, name string) error
	List(ctx context.Context, prefix string, yield func(Object) error) error
}

// ValidName reports whether a bucket accepts the name: elements of lower-case
// letters, digits, dots, hyphens and underscores, joined by single slashes, no
// element beginning with a dot, at most MaxName bytes. Such a name is the same
// in a folder, in S3 and in an address.
func ValidName(name string) bool {
	if name == "" || len(name) > MaxName {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || len(part) > 200 || part[0] == '.' {
			return false
		}
		for _, c := range []byte(part) {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}
