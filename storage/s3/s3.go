// Package s3 is a storage.Bucket on an S3-compatible server. It is the only
// place that speaks S3.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"shouwang"
	"shouwang/storage"
)

// PartSize is the size of one part, and the size below which an object is sent
// with a single PUT, in bytes.
const PartSize = 8 << 20

// Config says where the bucket is.
type Config struct {
	Endpoint  string // host:port
	Bucket    string
	Region    string // us-east-1 if empty
	AccessKey string
	SecretKey string
	TLS       bool
	// Prefix is put before every name; empty or ending in a slash.
	Prefix string
	// Transport, when set, replaces the HTTP transport: for a private
	// authority or for tests.
	Transport http.RoundTripper
}

// ParseURL reads s3://KEY:SECRET@HOST:PORT/BUCKET/PREFIX?region=R&tls=false. An
// address that does not parse is an Error with CodeBadConfig that does not
// repeat it, since it holds a secret.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User == nil {
		return Config{}, shouwang.Errorf(shouwang.CodeBadConfig, "object store address is not s3://KEY:SECRET@HOST:PORT/BUCKET")
	}
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if bucket == "" {
		return Config{}, shouwang.Errorf(shouwang.CodeBadConfig, "object store address names no bucket: s3://KEY:SECRET@HOST:PORT/BUCKET")
	}
	if prefix != "" {
		prefix += "/"
	}
	secret, _ := u.User.Password()
	return Config{
		Endpoint: u.Host, Bucket: bucket, Prefix: prefix, Region: u.Query().Get("region"),
		AccessKey: u.User.Username(), SecretKey: secret, TLS: u.Query().Get("tls") != "false",
	}, nil
}

// Bucket is a bucket on a server. It is safe for concurrent use.
type Bucket struct {
	client *minio.Client
	name   string
	prefix string
	where  string // for errors: endpoint and bucket
}

// Open makes a client and, when the bucket is not there, the bucket. A server
// that does not answer is an Error with CodeStorageAway: the caller may go on,
// the spool holds what comes; the bucket is returned too then.
func Open(ctx context.Context, cfg Config) (*Bucket, error) {
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: cfg.TLS, Region: cfg.Region, Transport: cfg.Transport,
		BucketLookup: minio.BucketLookupPath,
		// Trailing checksums are refused by some servers; integrity over the
		// wire is Content-MD5's, at rest it is the seal's.
		TrailingHeaders: false,
		MaxRetries:      2, // the uploader is what retries, with the spool behind it
	})
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "object store %s cannot be used: %w", cfg.Endpoint, err)
	}
	b := &Bucket{client: client, name: cfg.Bucket, prefix: cfg.Prefix, where: cfg.Endpoint + "/" + cfg.Bucket}
	return b, b.ensure(ctx, cfg.Region)
}

func (b *Bucket) ensure(ctx context.Context, region string) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	there, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !there {
		err = b.client.MakeBucket(ctx, b.name, minio.MakeBucketOptions{Region: region})
	}
	return b.fail("open", "", err)
}

// fail turns a client's error into ours.
func (b *Bucket) fail(verb, name string, err error) error {
	if err == nil {
		return nil
	}
	response := minio.ToErrorResponse(err)
	switch {
	case response.Code == minio.NoSuchKey || response.StatusCode == http.StatusNotFound && name != "":
		return fmt.Errorf("%s %s: %w", verb, name, storage.ErrNotExist)
	case response.Code == minio.AccessDenied || response.StatusCode == http.StatusForbidden:
		return shouwang.Errorf(shouwang.CodeBadConfig, "object store %s refuses us (%s): check its keys and policy", b.where, response.Code)
	case response.StatusCode == 0 && !errors.Is(err, context.Canceled) && !errors.Is(err, errLength):
		return shouwang.Errorf(shouwang.CodeStorageAway, "object store %s does not answer: %w", b.where, err)
	case response.StatusCode >= 500:
		return shouwang.Errorf(shouwang.CodeStorageAway, "object store %s fails (%s): %w", b.where, response.Code, err)
	}
	return fmt.Errorf("%s %s: %w", verb, name, err)
}

func check(name string) error {
	if !storage.ValidName(name) {
		return fmt.Errorf("object %q: %w", name, storage.ErrBadName)
	}
	return nil
}

var errLength = errors.New("reader gave another number of bytes than announced")

// Put implements storage.Bucket: one PUT below PartSize, parts above, two in
// flight. The server makes a multipart object visible only when it is complete.
func (b *Bucket) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := check(name); err != nil {
		return err
	}
	options := minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, PartSize: PartSize, NumThreads: 2}
	if size >= PartSize {
		_, err := b.client.PutObject(ctx, b.name, b.prefix+name, &exact{r: r, left: size}, size, options)
		return b.fail("put", name, err)
	}
	whole, err := io.ReadAll(io.LimitReader(r, size+1))
	if err == nil && int64(len(whole)) != size {
		err = errLength
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", name, err)
	}
	options.DisableMultipart = true
	for range 5 {
		_, err = b.client.PutObject(ctx, b.name, b.prefix+name, bytes.NewReader(whole), size, options)
		if minio.ToErrorResponse(err).Code != folderVanished {
			break
		}
	}
	return b.fail("put", name, err)
}

// folderVanished is what versitygw over a file system answers when a Delete
// tidies an empty folder away in the midst of a Put into it. Putting again is
// all it takes; of a large object the uploader sees to that.
const folderVanished = "ExistingObjectIsDirectory"

// exact fails instead of handing out the last bytes when its reader is longer
// or shorter than announced.
type exact struct {
	r    io.Reader
	left int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if e.left > 0 && errors.Is(err, io.EOF) {
		return 0, errLength
	}
	if e.left == 0 {
		if extra, _ := io.ReadFull(e.r, make([]byte, 1)); extra > 0 {
			return 0, errLength
		}
	}
	return n, err
}

// Get implements storage.Bucket.
func (b *Bucket) Get(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	if n == 0 {
		_, err := b.Stat(ctx, name)
		return io.NopCloser(strings.NewReader("")), err
	}
	options := minio.GetObjectOptions{}
	if off > 0 || n > 0 {
		last := int64(0) // to the end
		if n > 0 {
			last = off + n - 1
		}
		if err := options.SetRange(off, last); err != nil {
			return nil, fmt.Errorf("get %s: %w", name, err)
		}
		if off == 0 && n == 1 {
			options.Set("Range", "bytes=0-0")
		}
	}
	core := minio.Core{Client: b.client}
	body, _, _, err := core.GetObject(ctx, b.name, b.prefix+name, options)
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return io.NopCloser(strings.NewReader("")), nil
	}
	if err != nil {
		return nil, b.fail("get", name, err)
	}
	return body, nil
}

// Stat implements storage.Bucket.
func (b *Bucket) Stat(ctx context.Context, name string) (storage.Object, error) {
	if err := check(name); err != nil {
		return storage.Object{}, err
	}
	info, err := b.client.StatObject(ctx, b.name, b.prefix+name, minio.StatObjectOptions{})
	if err != nil {
		return storage.Object{}, b.fail("stat", name, err)
	}
	return storage.Object{Name: name, Size: info.Size, Modified: info.LastModified}, nil
}

// Delete implements storage.Bucket.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	if err := check(name); err != nil {
		return err
	}
	err := b.fail("delete", name, b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{}))
	if errors.Is(err, storage.ErrNotExist) {
		return nil
	}
	return err
}

// List implements storage.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string, yield func(storage.Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}) {
		if info.Err != nil {
			return b.fail("list", prefix, info.Err)
		}
		name := strings.TrimPrefix(info.Key, b.prefix)
		if !storage.ValidName(name) {
			continue // somebody else's
		}
		if err := yield(storage.Object{Name: name, Size: info.Size, Modified: info.LastModified}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
