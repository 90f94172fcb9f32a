package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shouwang"
)

// Source is where a public log is read: paths are C2SP tlog-tiles', such as
// checkpoint, tile/0/000 and tile/entries/000.p/30, and checkpoint.newest for
// the newest checkpoint where checkpoint is the newest cosigned one. What is not
// there is fs.ErrNotExist; any other error is about reading.
type Source interface {
	Read(ctx context.Context, path string) ([]byte, error)
}

// Folder is a public log in a folder: the service's own (Config.Dir/public) or
// a copy of it.
type Folder string

// Read implements Source.
func (f Folder) Read(_ context.Context, path string) ([]byte, error) {
	if path == newestPath {
		path = checkpointPath
	}
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
}

// Cosigned is a Folder read at the checkpoint that the service has got cosigned,
// where there is one.
type Cosigned string

// Read implements Source.
func (c Cosigned) Read(ctx context.Context, path string) ([]byte, error) {
	if path == checkpointPath {
		if raw, err := Folder(c).Read(ctx, cosignedPath); err == nil {
			return raw, nil
		}
	}
	return Folder(c).Read(ctx, path)
}

// Web is a public log behind an address, such as
// https://service.example/api/log.
type Web struct {
	// Base is the address without a slash at its end.
	Base string
	// Client is the default one with a timeout when nil.
	Client *http.Client
}

var webClient = &http.Client{Timeout: 30 * time.Second}

// maxFile bounds one file of a log: 256 entries of 64 KiB and their lengths.
const maxFile = 17 << 20

// Read implements Source.
func (w Web) Read(ctx context.Context, path string) ([]byte, error) {
	client := w.Client
	if client == nil {
		client = webClient
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Base+"/"+path, http.NoBody)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "address %s cannot be used: %w", w.Base, err)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeUnreachable, "read the log at %s: %w", w.Base, err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("%s/%s: %w", w.Base, path, fs.ErrNotExist)
	case res.StatusCode != http.StatusOK:
		return nil, shouwang.Errorf(shouwang.CodeUnreachable, "read the log at %s/%s: %s", w.Base, path, res.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxFile))
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeUnreachable, "read the log at %s/%s: %w", w.Base, path, err)
	}
	return raw, nil
}

// either reads a partial file, or the full one that may have taken its place.
func either(ctx context.Context, s Source, partial, full string) ([]byte, error) {
	raw, err := s.Read(ctx, partial)
	if errors.Is(err, fs.ErrNotExist) && full != partial {
		return s.Read(ctx, full)
	}
	return raw, err
}

// Address tells an address from a folder, and takes the service's own address
// for its log's.
func Address(text string) string {
	text = strings.TrimRight(text, "/")
	if strings.HasSuffix(text, "/log") || strings.Count(text, "/") > 2 {
		return text
	}
	return text + "/api/log"
}
