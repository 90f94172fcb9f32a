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
	// Vault is where camera keys live; nil means a master key file in the
	// folder itself.
	Vault Vault
}

// Ring is the key store: a small database in a folder of its own that says
// which camera keys there are, which are destroyed and by which decision, over
// a Vault that holds the keys. It is safe for concurrent use by one process.
//
// Its database keeps a rollback journal instead of a write-ahead log, and
// overwrites it and all freed pages (secure_delete) when a key is destroyed.
// A copy-on-write file system or a drive's own remapping may still keep old
// sectors: put the folder on an encrypted volume where that matters.
type Ring struct {
	dir   string
	vault Vault
	db    *sql.DB
	uses  *uses
	opts  Options
	mu    sync.Mutex // one writer, and the journal is scrubbed under it
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
CREATE INDEX IF NOT EXISTS camera_keys_live ON camera_keys (owner, day, slot) WHERE wrapped IS NOT NULL;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`

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
	if opts.Vault == nil {
		_, statErr := os.Stat(file)
		local, err := openFileVault(filepath.Join(dir, "master.key"), statErr == nil)
		if err != nil {
			return nil, err
		}
		opts.Vault = local
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
	r := &Ring{dir: dir, vault: opts.Vault, db: db, opts: opts}
	if err := r.ready(file); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// ready protects the store's file, makes sure that the vault is the one that
// the keys were made in, and opens the record of uses.
func (r *Ring) ready(file string) (err error) {
	if err := os.Chmod(file, 0o600); err != nil {
		return fmt.Errorf("protect key store: %w", err)
	}
	if _, err := r.db.Exec(`INSERT INTO settings VALUES ('vault', ?) ON CONFLICT (name) DO NOTHING`, r.vault.Name()); err != nil {
		return fmt.Errorf("open key store: %w", err)
	}
	var name string
	if err := r.db.QueryRow(`SELECT value FROM settings WHERE name='vault'`).Scan(&name); err != nil {
		return fmt.Errorf("open key store: %w", err)
	}
	if name != r.vault.Name() {
		return shouwang.Errorf(shouwang.CodeBadConfig, "the keys in %s live in %q, not in %q: set storage.keys as it was when they were made", r.dir, name, r.vault.Name())
	}
	r.uses, err = openUses(filepath.Join(r.dir, "uses.db"))
	return err
}

// Close closes the store.
func (r *Ring) Close() error {
	err := r.db.Close()
	if r.uses != nil {
		err = errors.Join(err, r.uses.close())
	}
	return err
}

// NewDataKey makes a data key for a segment of the camera that begins at the
// capture time given, under the key of that camera, day and slot, which is
// made if there is none. decision names the grant; an empty one is refused.
func (r *Ring) NewDataKey(ctx context.Context, camera shouwang.CameraID, at time.Time, decision string) (DataKey, error) {
	day, slot := slotOf(at)
	return r.dataKey(ctx, string(camera), day, slot, newKey(), decision, "new")
}

func (r *Ring) dataKey(ctx context.Context, owner, day string, slot int, plain []byte, decision, what string) (DataKey, error) {
	id, handle, err := r.current(ctx, owner, day, slot, decision)
	if err != nil {
		return DataKey{}, err
	}
	if err := r.use(ctx, id, decision, what); err != nil {
		return DataKey{}, err
	}
	wrapped, err := r.vault.Wrap(ctx, id, handle, plain)
	if err != nil {
		return DataKey{}, err
	}
	return DataKey{ID: id, Plain: plain, Wrapped: wrapped}, nil
}

// use notes a use of a key before it happens; one that cannot be noted does not
// happen.
func (r *Ring) use(ctx context.Context, id, decision, what string) error {
	if decision == "" {
		return shouwang.Errorf(shouwang.CodeDenied, "use of key %s without a decision is refused", id)
	}
	u := Use{Key: id, Decision: decision, What: what, At: r.opts.Clock()}
	if err := r.uses.note(ctx, u); err != nil {
		return err
	}
	if r.opts.OnUse == nil {
		return nil
	}
	if err := r.opts.OnUse(ctx, u); err != nil {
		return fmt.Errorf("note use of key: %w", err)
	}
	return nil
}

// current returns the live key of the slot, or makes the next generation.
func (r *Ring) current(ctx context.Context, owner, day string, slot int, decision string) (string, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if decision == "" {
		return "", nil, shouwang.Errorf(shouwang.CodeDenied, "a key for %s without a decision is refused", owner)
	}
	var generation int
	var handle []byte
	err := r.db.QueryRowContext(ctx, `SELECT generation, wrapped FROM camera_keys
		WHERE owner=? AND day=? AND slot=? ORDER BY generation DESC LIMIT 1`, owner, day, slot).Scan(&generation, &handle)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", nil, fmt.Errorf("find camera key: %w", err)
	}
	if handle != nil {
		return keyID(owner, day, slot, generation), handle, nil
	}
	id := keyID(owner, day, slot, generation+1)
	if handle, err = r.vault.Make(ctx, id); err != nil {
		return "", nil, err
	}
	_, err = r.db.ExecContext(ctx, `INSERT INTO camera_keys (owner, day, slot, generation, wrapped, created, decision)
		VALUES (?,?,?,?,?,?,?)`, owner, day, slot, generation+1, handle, r.opts.Clock().UnixNano(), decision)
	if err != nil {
		return "", nil, fmt.Errorf("keep camera key: %w", err)
	}
	return id, handle, nil
}

// Unwrap returns the data key that was wrapped under the key named. A
// destroyed key gives an Error with CodeKeyDestroyed, for ever.
func (r *Ring) Unwrap(ctx context.Context, id string, wrapped []byte, decision string) ([]byte, error) {
	handle, err := r.live(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := r.use(ctx, id, decision, "unwrap"); err != nil {
		return nil, err
	}
	return r.vault.Unwrap(ctx, id, handle, wrapped)
}

// live returns what the index keeps of a key that is not destroyed.
func (r *Ring) live(ctx context.Context, id string) ([]byte, error) {
	owner, day, slot, generation, err := parseID(id)
	if err != nil {
		return nil, err
	}
	var handle []byte
	err = r.db.QueryRowContext(ctx, `SELECT wrapped FROM camera_keys WHERE owner=? AND day=? AND slot=? AND generation=?`,
		owner, day, slot, generation).Scan(&handle)
	if errors.Is(err, sql.ErrNoRows) || err == nil && handle == nil {
		return nil, destroyed(id)
	}
	if err != nil {
		return nil, fmt.Errorf("find key: %w", err)
	}
	return handle, nil
}

func destroyed(id string) error {
	return shouwang.Errorf(shouwang.CodeKeyDestroyed, "key %s is destroyed: what it sealed can not be read by anybody", id)
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
