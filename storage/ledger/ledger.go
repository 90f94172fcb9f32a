// Package ledger keeps the access log: who looked at what, when and why, so
// that nobody can rewrite it and residents can check it.
//
// Each entry becomes a leaf of a Merkle log (tessera's POSIX driver, the C2SP
// tlog-tiles layout) whose signed checkpoints commit to everything before them.
// A leaf is a salted commitment: the log can be public, and an entry can still
// be erased. The clear line lies encrypted beside the log, under one key for
// each camera and month.
//
// # The promise
//
// Append returns when the entry, its salt and its commitment are on disk
// (SQLite, synchronous, one fsync for all entries that wait): this is the log's
// front. A feeder carries leaves from the front into the Merkle log in the same
// order, usually within a second; after a crash it goes on where it stopped and
// adds nothing twice. When either half cannot be written, Append fails, and
// whoever shows pictures stops.
//
// Only the holder of the log's key can make a checkpoint, so a log rewritten by
// its own operator is found out by who kept an older checkpoint: receipts carry
// one, and witnesses outside the operator's reach (package witness) cosign those
// that continue what they have seen before. Cosigner asks them.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/atrest"
	"shouwang/storage/ledger/checkpoint"
)

// Config says where the log lives.
type Config struct {
	// Dir is the log's folder; it is made if need be. Dir/public may be served
	// to anybody, the rest to nobody.
	Dir string
	// Origin names the log on its checkpoints, "shouwang.log" when empty. It
	// never changes after the log was made.
	Origin string
	// SecretPath is the key file for the clear lines, Dir/secret.key when empty.
	SecretPath string
	// MaxBacklog is how many entries may wait for the Merkle log before Append
	// refuses, 20,000 when zero.
	MaxBacklog int
	Log        *slog.Logger // silent when nil
}

// Ledger implements policy.Auditor. Its methods may be called from any
// goroutine.
type Ledger struct {
	cfg  Config
	box  *atrest.Box
	db   *database
	tree *tree
	keys *keyCache

	queue chan *pending // entries on their way to the front
	kick  chan struct{} // tells the feeder that there may be work
	// kept counts the entries in the front, fed those of them in the Merkle log.
	kept, fed atomic.Int64
	// failing is why the Merkle log does not take entries, nil when it does.
	failing atomic.Pointer[error]
	// refusing is why the front does not, nil when it did the last time.
	refusing atomic.Pointer[error]
	// cosigned is the newest checkpoint that enough witnesses have cosigned.
	cosigned atomic.Pointer[checkpoint.Checkpoint]

	life    context.Context
	end     context.CancelFunc
	writing sync.RWMutex // held by Append while it may send to queue
	closed  bool         // under writing
	lock    *os.File
	writers sync.WaitGroup
	feeders sync.WaitGroup
}

var _ policy.Auditor = (*Ledger)(nil)

// Open opens or makes the log, and carries what a crash left in the front into
// the Merkle log. Errors: CodeDataUnreadable, and CodeTampered when the public
// log holds what the front never had.
func Open(ctx context.Context, cfg Config) (*Ledger, error) {
	if cfg.Origin == "" {
		cfg.Origin = "shouwang.log"
	}
	if cfg.SecretPath == "" {
		cfg.SecretPath = filepath.Join(cfg.Dir, "secret.key")
	}
	if cfg.MaxBacklog <= 0 {
		cfg.MaxBacklog = 20_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	l := &Ledger{cfg: cfg, queue: make(chan *pending, 4*maxBatch), kick: make(chan struct{}, 1)}
	l.life, l.end = context.WithCancel(context.Background())
	if err := l.open(ctx); err != nil {
		l.end()
		return nil, errors.Join(err, l.closeFiles())
	}
	l.writers.Go(l.write)
	l.feeders.Go(l.feed)
	return l, nil
}

func (l *Ledger) open(ctx context.Context) (err error) {
	if err := os.MkdirAll(l.cfg.Dir, 0o700); err != nil {
		return unreadable("open access log: %w", err)
	}
	if l.lock, err = lockFolder(l.cfg.Dir); err != nil {
		return err
	}
	fresh, err := untouched(filepath.Join(l.cfg.Dir, "details.db"))
	if err != nil {
		return unreadable("open access log: %w", err)
	}
	if l.box, err = atrest.Open(l.cfg.SecretPath, "ledger", fresh); err != nil {
		return err
	}
	if l.db, err = openDatabase(ctx, filepath.Join(l.cfg.Dir, "details.db")); err != nil {
		return unreadable("open access log: %w", err)
	}
	l.keys = &keyCache{box: l.box, db: l.db}
	if l.tree, err = openTree(l.cfg, fresh); err != nil {
		return err
	}
	if err := l.reconcile(ctx); err != nil {
		return err
	}
	kept, err := l.db.next(ctx)
	if err != nil {
		return unreadable("open access log: %w", err)
	}
	waiting, err := l.db.waiting(ctx)
	if err != nil {
		return unreadable("open access log: %w", err)
	}
	l.kept.Store(int64(kept))
	l.fed.Store(int64(kept) - int64(waiting))
	return nil
}

// backlog is how many entries wait for the Merkle log.
func (l *Ledger) backlog() int64 { return l.kept.Load() - l.fed.Load() }

// lockFolder keeps a second process from feeding the same Merkle log. The
// system gives the lock back when a process dies.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "in-use.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unreadable("open access log: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(unreadable("open access log: another process uses %s: stop it first", dir), f.Close())
	}
	return f, nil
}

// untouched makes the file, for its owner only, and reports whether it is new.
func untouched(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, errors.Join(err, f.Close())
	}
	return info.Size() == 0, f.Close()
}

func unreadable(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, format, args...)
}

func unavailable(err error) error {
	return shouwang.Errorf(shouwang.CodeAuditUnavailable,
		"the access log cannot be written, so nothing may be shown: look at the disk under it: %w", err)
}

// VerifierKey returns the public key that checkpoints are verified with (the
// note format of golang.org/x/mod/sumdb/note); print it, publish it.
func (l *Ledger) VerifierKey() string { return l.tree.vkey }

// Origin returns the log's name.
func (l *Ledger) Origin() string { return l.cfg.Origin }

// PublicDir returns the folder that may be served to anybody: checkpoint, tiles
// and commitments (C2SP tlog-tiles).
func (l *Ledger) PublicDir() string { return l.tree.dir }

// Stats is the log's state, for metrics.
type Stats struct {
	Entries   uint64 // in the front
	Backlog   int64  // of those, not yet in the Merkle log
	Published uint64 // under the newest checkpoint
	Failing   string // why the log takes no entries, "" when it does
}

// Stats returns the log's state.
func (l *Ledger) Stats(ctx context.Context) (s Stats, err error) {
	s.Entries, s.Backlog = uint64(l.kept.Load()), l.backlog()
	for _, why := range []*error{l.refusing.Load(), l.failing.Load()} {
		if why != nil {
			s.Failing = (*why).Error()
		}
	}
	cp, err := l.tree.checkpoint(ctx)
	s.Published = cp.Size
	return s, err
}

// Close writes what was accepted, waits up to ten seconds for the Merkle log to
// take it and to publish a checkpoint, and closes the files. What did not make
// it is carried over at the next Open.
func (l *Ledger) Close() error {
	l.writing.Lock()
	if l.closed {
		l.writing.Unlock()
		return nil
	}
	l.closed = true
	close(l.queue)
	l.writing.Unlock()
	l.writers.Wait()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := l.drain(ctx)
	l.end()
	l.feeders.Wait()
	if shut := l.tree.close(ctx); err == nil {
		err = shut
	}
	return errors.Join(err, l.closeFiles())
}

// drain waits for the feeder to have nothing left to do.
func (l *Ledger) drain(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for l.backlog() > 0 && l.failing.Load() == nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("close access log: %d entries wait for the next start: %w", l.backlog(), ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func (l *Ledger) closeFiles() error {
	var errs []error
	if l.tree != nil {
		l.tree.stop()
	}
	if l.db != nil {
		errs = append(errs, l.db.close())
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
	}
	return errors.Join(errs...)
}

// entryOf wraps a leaf for tessera.
func entryOf(leaf []byte) *tessera.Entry { return tessera.NewEntry(leaf) }

// isNoRows reports whether a query found nothing.
func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
