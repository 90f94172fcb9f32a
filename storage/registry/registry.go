// Package registry keeps what the township filed: places, people and their
// accounts, cameras with their sealed addresses, every version of every
// consent, cases, incidents, orders and holds. It is one SQLite file.
//
// What the rules look at is served as a policy.World, an immutable snapshot:
// a change made here is applied to the snapshot in memory, a change made by
// another process (the command line, while the server runs) is noticed within
// PollEvery and read again in full. Lock order: change, then watch.
package registry

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/atrest"
	"shouwang/storage/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// PollEvery is how often the registry looks for changes by other processes.
const PollEvery = 300 * time.Millisecond

// Config says where the registry lives.
type Config struct {
	// Path is the SQLite file; its folder exists.
	Path string
	// SecretPath is the file with the key that seals camera addresses and
	// second factors; "secret.key" beside Path when empty. It is made with the
	// database and never after: without it the sealed values are lost.
	SecretPath string
	Clock      func() time.Time // time.Now when nil
	Log        *slog.Logger     // silent when nil
}

// Registry is the township's register. Its methods may be called from any
// goroutine.
type Registry struct {
	cfg  Config
	seal *atrest.Box
	file *sqlite.File
	// writer has one connection, so that PRAGMA data_version on it speaks of
	// other processes only; readers see committed data and cannot write.
	writer, reader *sql.DB
	now            atomic.Pointer[snapshot]
	stale          atomic.Pointer[error] // why now is not up to date, nil when it is

	change sync.Mutex // held over a write and the snapshot's renewal

	watch    sync.Mutex
	watchers map[chan struct{}]bool
	closed   bool

	stop   context.CancelFunc
	poller sync.WaitGroup
}

// snapshot is a World and the revision of the data it was made from.
type snapshot struct {
	revision int64
	world    *policy.World
}

// Open opens or makes the registry and reads it whole, which verifies the hash
// chain of the consents. Errors carry CodeDataUnreadable when the folder, file
// or key cannot be used and CodeTampered when the chain is broken.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.SecretPath == "" {
		cfg.SecretPath = filepath.Join(filepath.Dir(cfg.Path), "secret.key")
	}
	r := &Registry{cfg: cfg, watchers: map[chan struct{}]bool{}}
	if err := r.open(ctx); err != nil {
		return nil, errors.Join(err, r.closeFiles())
	}
	life, stop := context.WithCancel(context.Background())
	r.stop = stop
	r.poller.Go(func() { r.poll(life) })
	return r, nil
}

func (r *Registry) open(ctx context.Context) (err error) {
	if r.file, err = sqlite.Open(ctx, r.cfg.Path, migrations, 4); err != nil {
		return unreadable("open registry %s: %w", r.cfg.Path, err)
	}
	r.writer, r.reader = r.file.Write, r.file.Read
	if r.seal, err = atrest.Open(r.cfg.SecretPath, "registry", r.file.Fresh()); err != nil {
		return err
	}
	return r.reload(ctx)
}

func unreadable(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, format, args...)
}

// World returns the present snapshot, without touching the disk. It is an error
// while another process's change cannot be read or verified: whoever decides by
// the old snapshot then decides by what may have been withdrawn.
func (r *Registry) World(context.Context) (*policy.World, error) {
	if err := r.stale.Load(); err != nil {
		return nil, *err
	}
	return r.now.Load().world, nil
}

// reload reads everything if the revision is not the snapshot's.
func (r *Registry) reload(ctx context.Context) error {
	tx, err := r.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read registry: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	next, err := r.present(ctx, tx)
	if err == nil {
		r.now.Store(next)
	}
	return err
}

// present returns the snapshot that belongs to the transaction's view: the one
// in memory if the data has not moved on.
func (r *Registry) present(ctx context.Context, tx *sql.Tx) (*snapshot, error) {
	var revision int64
	err := tx.QueryRowContext(ctx, `SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'revision'`).Scan(&revision)
	if err != nil {
		return nil, fmt.Errorf("read registry: %w", err)
	}
	if have := r.now.Load(); have != nil && have.revision == revision {
		return have, nil
	}
	world, err := load(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &snapshot{revision: revision, world: world}, nil
}

// Close stops watching and closes the file.
func (r *Registry) Close() error {
	r.stop()
	r.poller.Wait()
	r.closeWatchers()
	return r.closeFiles()
}

func (r *Registry) closeFiles() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
