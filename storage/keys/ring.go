package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"shouwang"
)

// Options of a Ring.
type Options struct {
	// Clock stamps keys and tombstones; nil means time.Now.
	Clock func() time.Time
	// OnUse, when set, is told of every use of a key, before the key is handed
	// out. An error refuses the use.
	OnUse func(context.Context, Use) error
}

// Ring is the local key store: a master key file and a small database of
// wrapped camera keys in a folder of their own. It is safe for concurrent use
// by one process.
//
// Its database keeps a rollback journal instead of a write-ahead log, and
// overwrites it and all freed pages (secure_delete) when a key is destroyed.
// A copy-on-write file system or a drive's own remapping may still keep old
// sectors: put the folder on an encrypted volume where that matters.
type Ring struct {
	dir    string
	master []byte
	db     *sql.DB
	opts   Options
	mu     sync.Mutex // one writer, and the journal is scrubbed under it
}

const schema = `
CREATE TABLE IF NOT EXISTS camera_keys (
	owner      TEXT    NOT NULL,
	day        TEXT    NOT NULL,
	slot       INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	wrapped    BLOB,
	created    INTEGER NOT NULL,
	destroyed  INTEGER,
	decision   TEXT    NOT NULL,
	PRIMARY KEY (owner, day, slot, generation)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS camera_keys_live ON camera_keys (owner, day, slot) WHERE wrapped IS NOT NULL;`

// Open opens the key store in dir, making it at first use (folder mode 0700).
// Close it after use.
func Open(dir string, opts Options) (*Ring, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "key folder %s cannot be made: %w", dir, err)
	}
	file := filepath.Join(dir, "keys.db")
	_, statErr := os.Stat(file)
	master, err := loadMaster(filepath.Join(dir, "master.key"), statErr == nil)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(PERSIST)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open key store: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(schema); err != nil {
		_ = db.Close()
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "key store %s cannot be opened: %w", file, err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("protect key store: %w", err)
	}
	return &Ring{dir: dir, master: master, db: db, opts: opts}, nil
}

// Close closes the store.
func (r *Ring) Close() error { return r.db.Close() }

// NewDataKey makes a data key for a segment of the camera that begins at the
// capture time given, under the key of that camera, day and slot, which is
// made if there is none. decision names the grant; an empty one is refused.
func (r *Ring) NewDataKey(ctx context.Context, camera shouwang.CameraID, at time.Time, decision string) (DataKey, error) {
	day, slot := slotOf(at)
	return r.dataKey(ctx, string(camera), day, slot, newKey(), decision, "new")
}

func (r *Ring) dataKey(ctx context.Context, owner, day string, slot int, plain []byte, decision, what string) (DataKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, under, err := r.current(ctx, owner, day, slot, decision)
	if err != nil {
		return DataKey{}, err
	}
	if err := r.use(ctx, id, decision, what); err != nil {
		return DataKey{}, err
	}
	wrapped, err := wrap(under, plain, id)
	if err != nil {
		return DataKey{}, err
	}
	return DataKey{ID: id, Plain: plain, Wrapped: wrapped}, nil
}

func (r *Ring) use(ctx context.Context, id, decision, what string) error {
	if decision == "" {
		return shouwang.Errorf(shouwang.CodeDenied, "use of key %s without a decision is refused", id)
	}
	if r.opts.OnUse == nil {
		return nil
	}
	err := r.opts.OnUse(ctx, Use{Key: id, Decision: decision, What: what, At: r.opts.Clock()})
	if err != nil {
		return fmt.Errorf("note use of key: %w", err)
	}
	return nil
}

// current returns the live key of the slot, or makes the next generation.
func (r *Ring) current(ctx context.Context, owner, day string, slot int, decision string) (string, []byte, error) {
	var generation int
	var wrapped []byte
	err := r.db.QueryRowContext(ctx, `SELECT generation, wrapped FROM camera_keys
		WHERE owner=? AND day=? AND slot=? ORDER BY generation DESC LIMIT 1`, owner, day, slot).Scan(&generation, &wrapped)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", nil, fmt.Errorf("find camera key: %w", err)
	}
	if wrapped != nil {
		id := keyID(owner, day, slot, generation)
		key, err := unwrap(r.master, wrapped, id)
		return id, key, err
	}
	id, key := keyID(owner, day, slot, generation+1), newKey()
	wrapped, err = wrap(r.master, key, id)
	if err != nil {
		return "", nil, err
	}
	_, err = r.db.ExecContext(ctx, `INSERT INTO camera_keys (owner, day, slot, generation, wrapped, created, decision)
		VALUES (?,?,?,?,?,?,?)`, owner, day, slot, generation+1, wrapped, r.opts.Clock().UnixNano(), decision)
	if err != nil {
		return "", nil, fmt.Errorf("keep camera key: %w", err)
	}
	return id, key, nil
}

// Unwrap returns the data key that was wrapped under the key named. A
// destroyed key gives an Error with CodeKeyDestroyed, for ever.
func (r *Ring) Unwrap(ctx context.Context, id string, wrapped []byte, decision string) ([]byte, error) {
	under, err := r.live(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := r.use(ctx, id, decision, "unwrap"); err != nil {
		return nil, err
	}
	return unwrap(under, wrapped, id)
}

func (r *Ring) live(ctx context.Context, id string) ([]byte, error) {
	owner, day, slot, generation, err := parseID(id)
	if err != nil {
		return nil, err
	}
	var wrapped []byte
	err = r.db.QueryRowContext(ctx, `SELECT wrapped FROM camera_keys WHERE owner=? AND day=? AND slot=? AND generation=?`,
		owner, day, slot, generation).Scan(&wrapped)
	if errors.Is(err, sql.ErrNoRows) || err == nil && wrapped == nil {
		return nil, shouwang.Errorf(shouwang.CodeKeyDestroyed, "key %s is destroyed: what it sealed can not be read by anybody", id)
	}
	if err != nil {
		return nil, fmt.Errorf("find key: %w", err)
	}
	return unwrap(r.master, wrapped, id)
}

// Live reports whether the key exists and is not destroyed.
func (r *Ring) Live(ctx context.Context, id string) (bool, error) {
	_, err := r.live(ctx, id)
	if shouwang.CodeOf(err) == shouwang.CodeKeyDestroyed {
		return false, nil
	}
	return err == nil, err
}

// Rewrap wraps a segment's data key again, under the key of a case, so that
// it outlives the camera's keys: a hold. It returns the case key's id and the
// new wrapping.
func (r *Ring) Rewrap(ctx context.Context, id string, wrapped []byte, caseID, decision string) (string, []byte, error) {
	plain, err := r.Unwrap(ctx, id, wrapped, decision)
	if err != nil {
		return "", nil, err
	}
	key, err := r.dataKey(ctx, caseOwner(caseID), "0", 0, plain, decision, "rewrap")
	return key.ID, key.Wrapped, err
}
