package keys

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"shouwang"
)

// DestroyCamera destroys every key of the camera whose slot begins in the
// span; the zero Span means all of them. When it returns, the keys are gone
// from the store durably, their bytes overwritten, and tombstones stand in
// their place. Repeating it destroys nothing more.
func (r *Ring) DestroyCamera(ctx context.Context, camera shouwang.CameraID, span shouwang.Span, decision string) (Receipt, error) {
	if camera == "" {
		return Receipt{}, errors.New("destroy keys: no camera is named")
	}
	first, last := "00000000", "99999999"
	var firstSlot, lastSlot int
	if !span.From.IsZero() {
		first, firstSlot = slotOf(span.From.Add(Slot - 1)) // a slot that began before stays
	}
	if !span.To.IsZero() {
		last, lastSlot = slotOf(span.To.Add(-1))
	}
	return r.destroy(ctx, string(camera), decision, `day||printf('/%02d',slot) BETWEEN ? AND ?`,
		fmt.Sprintf("%s/%02d", first, firstSlot), fmt.Sprintf("%s/%02d", last, lastSlot))
}

// DestroyKeys destroys keys by their ids, all of them or none.
func (r *Ring) DestroyKeys(ctx context.Context, ids []string, decision string) (Receipt, error) {
	if len(ids) == 0 {
		return Receipt{}, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return r.destroy(ctx, "", decision, `owner||'/'||day||'/'||slot||'/'||generation IN (?`+strings.Repeat(",?", len(ids)-1)+`)`, args...)
}

// DestroyCase destroys the key of a case whose hold has ended.
func (r *Ring) DestroyCase(ctx context.Context, caseID, decision string) (Receipt, error) {
	return r.destroy(ctx, caseOwner(caseID), decision, `1`)
}

func (r *Ring) destroy(ctx context.Context, owner, decision, where string, args ...any) (Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.opts.Clock()
	receipt := Receipt{Camera: owner, Destroyed: now.UTC(), Decision: decision}
	if err := r.use(ctx, owner+"/*", decision, "destroy"); err != nil {
		return Receipt{}, err
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return Receipt{}, fmt.Errorf("destroy keys: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := tx.QueryContext(ctx, `UPDATE camera_keys SET wrapped=NULL, destroyed=?, decision=?
		WHERE (owner=? OR ?='') AND wrapped IS NOT NULL AND `+where+` RETURNING owner, day, slot, generation`,
		append([]any{now.UnixNano(), decision, owner, owner}, args...)...)
	if err != nil {
		return Receipt{}, fmt.Errorf("destroy keys: %w", err)
	}
	if receipt.Keys, err = keyIDs(rows); err != nil {
		return Receipt{}, fmt.Errorf("destroy keys: %w", err)
	}
	// A key that is gone from the vault and stands in the index opens nothing
	// and is destroyed again; the other way round it would open.
	if err := r.vault.Destroy(ctx, receipt.Keys); err != nil {
		return Receipt{}, fmt.Errorf("destroy keys: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return Receipt{}, fmt.Errorf("destroy keys: %w", err)
	}
	if len(receipt.Keys) == 0 {
		return receipt, nil
	}
	return receipt, r.scrub(ctx)
}

// vacuumBelow is the size under which the store is rewritten after each
// destruction; above it secure_delete alone must do, since a rewrite would
// hold up recording.
const vacuumBelow = 16 << 20

// scrub rewrites the store without its free space and overwrites the journal,
// which held the pages as they were before.
func (r *Ring) scrub(ctx context.Context) error {
	if info, err := os.Stat(filepath.Join(r.dir, "keys.db")); err == nil && info.Size() < vacuumBelow {
		if _, err := r.db.ExecContext(ctx, `VACUUM`); err != nil {
			return fmt.Errorf("rewrite key store: %w", err)
		}
	}
	f, err := os.OpenFile(filepath.Join(r.dir, "keys.db-journal"), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("overwrite journal: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	if err := errors.Join(err, f.Sync(), f.Truncate(0), f.Close()); err != nil {
		return fmt.Errorf("overwrite journal: %w", err)
	}
	return nil
}

// LiveKeys returns the ids of all keys that are not destroyed, case keys
// included.
func (r *Ring) LiveKeys(ctx context.Context) ([]string, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT owner, day, slot, generation FROM camera_keys WHERE wrapped IS NOT NULL ORDER BY owner, day, slot`)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	ids, err := keyIDs(rows)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return ids, nil
}

// keyIDs reads rows of owner, day, slot and generation, and closes them.
func keyIDs(rows *sql.Rows) (ids []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var owner, day string
		var slot, generation int
		if err := rows.Scan(&owner, &day, &slot, &generation); err != nil {
			return nil, err
		}
		ids = append(ids, keyID(owner, day, slot, generation))
	}
	return ids, rows.Err()
}

// CountLive returns how many keys are not destroyed, case keys included.
func (r *Ring) CountLive(ctx context.Context) (n int, err error) {
	if err := r.db.QueryRowContext(ctx, `SELECT count(*) FROM camera_keys WHERE wrapped IS NOT NULL`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count keys: %w", err)
	}
	return n, nil
}
