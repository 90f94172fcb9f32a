package keys

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	"shouwang"
)

// uses is the record of which decision opened which key. It holds no key and
// lies in a file of its own, so that noting a use does not wait for the disk as
// the keys do: it is with the kernel before the key is handed out (a crash of
// the service loses nothing, one of the machine the last moments).
type uses struct{ db *sql.DB }

const usesSchema = `
CREATE TABLE IF NOT EXISTS uses (
	decision TEXT    NOT NULL,
	key_id   TEXT    NOT NULL,
	what     TEXT    NOT NULL,
	times    INTEGER NOT NULL,
	last     INTEGER NOT NULL,
	PRIMARY KEY (decision, key_id, what)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_key ON uses (key_id);
CREATE INDEX IF NOT EXISTS uses_last ON uses (last);`

func openUses(file string) (*uses, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open record of key uses: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(usesSchema); err != nil {
		_ = db.Close()
		return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "record of key uses %s cannot be opened: %w", file, err)
	}
	return &uses{db}, os.Chmod(file, 0o600)
}

func (u *uses) close() error { return u.db.Close() }

func (u *uses) note(ctx context.Context, use Use) error {
	_, err := u.db.ExecContext(ctx, `INSERT INTO uses VALUES (?,?,?,1,?)
		ON CONFLICT (decision, key_id, what) DO UPDATE SET times=times+1, last=excluded.last`, use.Decision, use.Key, use.What, use.At.UnixNano())
	if err != nil {
		return fmt.Errorf("note use of key: %w", err)
	}
	return nil
}

// Uses are the uses of one key under one decision.
type Uses struct {
	Use
	Times int
}

// UsesOf returns which keys a decision opened, made, re-wrapped or destroyed,
// by key.
func (r *Ring) UsesOf(ctx context.Context, decision string) ([]Uses, error) {
	return r.uses.list(ctx, `WHERE decision=? ORDER BY key_id, what`, decision)
}

// UsesOfKey returns under which decisions a key was used, the newest first.
func (r *Ring) UsesOfKey(ctx context.Context, id string) ([]Uses, error) {
	return r.uses.list(ctx, `WHERE key_id=? ORDER BY last DESC, decision`, id)
}

func (u *uses) list(ctx context.Context, where string, arg any) ([]Uses, error) {
	rows, err := u.db.QueryContext(ctx, `SELECT decision, key_id, what, times, last FROM uses `+where, arg)
	if err != nil {
		return nil, fmt.Errorf("read uses of keys: %w", err)
	}
	defer rows.Close()
	var out []Uses
	for rows.Next() {
		var x Uses
		var last int64
		if err := rows.Scan(&x.Decision, &x.Key, &x.What, &x.Times, &last); err != nil {
			return nil, fmt.Errorf("read uses of keys: %w", err)
		}
		x.At = time.Unix(0, last).UTC()
		out = append(out, x)
	}
	return out, rows.Err()
}

// ForgetUses drops what was used last before the time given: the access log
// keeps the decisions themselves.
func (r *Ring) ForgetUses(ctx context.Context, before time.Time) error {
	if _, err := r.uses.db.ExecContext(ctx, `DELETE FROM uses WHERE last < ?`, before.UnixNano()); err != nil {
		return fmt.Errorf("forget uses of keys: %w", err)
	}
	return nil
}
