package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"shouwang/storage/ledger/checkpoint"
)

const (
	// batchAge is how long tessera gathers leaves before it integrates them.
	batchAge = 50 * time.Millisecond
	// checkpointEvery is how often a grown log is signed and published.
	checkpointEvery = 200 * time.Millisecond
)

// tree is the public half: the Merkle log on disk and the key that signs it.
type tree struct {
	dir      string
	origin   string
	vkey     string
	appender *tessera.Appender
	shutdown func(context.Context) error
	read     tessera.LogReader
	stop     context.CancelFunc
}

// quiet sends the words of tessera's logger to ours; the logger is one per
// process, so the first ledger decides.
var quiet sync.Once

func openTree(cfg Config, fresh bool) (*tree, error) {
	quiet.Do(func() { klog.SetSlogLogger(cfg.Log.With(slog.String("part", "tessera"))) })
	signer, vkey, err := openKey(filepath.Join(cfg.Dir, "log.key"), cfg.Origin, fresh)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	t := &tree{dir: filepath.Join(cfg.Dir, "public"), origin: cfg.Origin, vkey: vkey, stop: stop}
	driver, err := posix.New(ctx, posix.Config{Path: t.dir})
	if err == nil {
		t.appender, t.shutdown, t.read, err = tessera.NewAppender(ctx, driver, options(signer))
	}
	if err != nil {
		stop()
		return nil, unreadable("open access log: %w", err)
	}
	return t, nil
}

// options leaves tessera's own witnessing out: a checkpoint would wait for the
// slowest witness, and proofs with it. Cosigner asks beside the log's work.
func options(signer note.Signer) *tessera.AppendOptions {
	return tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(maxBatch, batchAge).
		WithCheckpointInterval(checkpointEvery).
		WithCheckpointRepublishInterval(0)
}

// openKey reads the log's Ed25519 key and its public half, made together with a
// new log and never after.
func openKey(path, origin string, fresh bool) (note.Signer, string, error) {
	private, public, err := checkpoint.ReadKey(path)
	if errors.Is(err, fs.ErrNotExist) && fresh {
		if err := checkpoint.MakeKey(path, origin); err != nil {
			return nil, "", unreadable("open access log: make its key: %w", err)
		}
		private, public, err = checkpoint.ReadKey(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", unreadable("open access log: its key %s is missing: restore it, a log cannot go on under another key", path)
	}
	if err != nil {
		return nil, "", unreadable("open access log: %w", err)
	}
	signer, err := note.NewSigner(private)
	if err != nil || signer.Name() != origin {
		return nil, "", unreadable("open access log: %s is not a key of the log %q", path, origin)
	}
	return signer, public, nil
}

// checkpoint returns the newest one published.
func (t *tree) checkpoint(ctx context.Context) (checkpoint.Checkpoint, error) {
	raw, err := t.read.ReadCheckpoint(ctx)
	if err != nil {
		return checkpoint.Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	return checkpoint.Open(string(raw), checkpoint.Trust{Key: t.vkey})
}

// integrated returns how many leaves the Merkle log holds.
func (t *tree) integrated(ctx context.Context) (uint64, error) { return t.read.IntegratedSize(ctx) }

// writable looks whether the folder takes files. Tessera ends the process when
// it cannot open its lock file, which would end the recordings too, so a folder
// that is gone or read-only must be met before tessera meets it.
func (t *tree) writable() error {
	f, err := os.OpenFile(filepath.Join(t.dir, ".state", "writable"), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString("1")
	return errors.Join(err, f.Close())
}

// add carries leaves into the Merkle log and returns where each stands. On an
// error some may be there: the caller looks (leaves).
func (t *tree) add(ctx context.Context, leaves []leaf) (map[uint64][]byte, error) {
	if err := t.writable(); err != nil {
		return nil, err
	}
	futures := make([]tessera.IndexFuture, len(leaves))
	for i, l := range leaves {
		futures[i] = t.appender.Add(ctx, entryOf(l.hash))
	}
	at := make(map[uint64][]byte, len(leaves))
	var errs error
	for i, future := range futures {
		index, err := future()
		if err != nil {
			errs = err // one says it: a batch fails as a whole
			continue
		}
		at[index.Index] = leaves[i].hash
	}
	return at, errs
}

// leaves returns the commitments from first up to but not including size.
func (t *tree) leaves(ctx context.Context, first, size uint64) (map[uint64][]byte, error) {
	out := make(map[uint64][]byte, size-min(size, first))
	for index := first; index < size; {
		number := index / layout.EntryBundleWidth
		bundle, err := client.GetEntryBundle(ctx, t.read.ReadEntryBundle, number, size)
		if err != nil {
			return nil, fmt.Errorf("read public log: %w", err)
		}
		end := min(size, (number+1)*layout.EntryBundleWidth)
		for ; index < end; index++ {
			at := index - number*layout.EntryBundleWidth
			if at >= uint64(len(bundle.Entries)) {
				return nil, fmt.Errorf("read public log: entry %d is missing", index)
			}
			out[index] = bundle.Entries[at]
		}
	}
	return out, nil
}

// close lets tessera publish what it has.
func (t *tree) close(ctx context.Context) error {
	defer t.stop()
	if err := t.shutdown(ctx); err != nil {
		return fmt.Errorf("close access log: %w", err)
	}
	return nil
}

// bundleOf parses one file of commitments.
func bundleOf(raw []byte) ([][]byte, error) {
	var b api.EntryBundle
	err := b.UnmarshalText(raw)
	return b.Entries, err
}
