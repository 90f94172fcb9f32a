package registry

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// handleBytes is the size of an account's handle; 64 is the most that phones
// take (WebAuthn, 5.4.3).
const handleBytes = 32

const selectPasskey = `SELECT id, passkeys.account, handle, public_key, site, name, count, may_back_up, backed_up, transports, created, used
	FROM passkeys JOIN passkey_handles USING (account) `

func scanPasskey(row scanner) (k shouwang.Passkey, err error) {
	var transports string
	var count, created, used int64
	err = row.Scan(&k.ID, &k.Account, &k.Handle, &k.PublicKey, &k.Site, &k.Name, &count, &k.MayBackUp, &k.BackedUp, &transports, &created, &used)
	k.Count, k.Created, k.Used = uint32(count), sqlite.FromMillis(created), sqlite.FromMillis(used)
	if transports != "" {
		k.Transports = strings.Split(transports, ",")
	}
	return k, err
}

// Passkey returns the key with the id, or CodeNotFound.
func (r *Registry) Passkey(ctx context.Context, id string) (shouwang.Passkey, error) {
	k, err := scanPasskey(r.reader.QueryRowContext(ctx, selectPasskey+`WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return k, noPasskey()
	}
	if err != nil {
		return k, fmt.Errorf("read passkey: %w", err)
	}
	return k, nil
}

func noPasskey() error {
	return shouwang.Errorf(shouwang.CodeNotFound, "there is no such passkey, or it was removed")
}

// Passkeys returns the account's keys, the oldest first.
func (r *Registry) Passkeys(ctx context.Context, account string) (all []shouwang.Passkey, err error) {
	rows, err := r.reader.QueryContext(ctx, selectPasskey+`WHERE passkeys.account = ? ORDER BY created, id`, account)
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		k, err := scanPasskey(rows)
		if err != nil {
			return nil, fmt.Errorf("read passkeys: %w", err)
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// PasskeyHandle returns the handle of an account that is there; it is made once
// and stays when all keys are gone.
func (r *Registry) PasskeyHandle(ctx context.Context, account string) (handle []byte, err error) {
	fresh := make([]byte, handleBytes)
	_, _ = rand.Read(fresh) // never fails (crypto/rand)
	if _, err := r.quietly(ctx, `INSERT INTO passkey_handles VALUES (?, ?) ON CONFLICT (account) DO NOTHING`, account, fresh); err != nil {
		return nil, err
	}
	if err = r.reader.QueryRowContext(ctx, `SELECT handle FROM passkey_handles WHERE account = ?`, account).Scan(&handle); err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	return handle, nil
}

// AddPasskey keeps a new key of an account that has a handle and less than most
// keys. CodeConflict when it has as many, or the id is in use.
func (r *Registry) AddPasskey(ctx context.Context, k shouwang.Passkey, most int) error {
	n, err := r.quietly(ctx, `INSERT INTO passkeys (id, account, public_key, site, name, count, may_back_up, backed_up, transports, created, used)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM passkeys WHERE account = ?) < ?
		ON CONFLICT (id) DO NOTHING`,
		k.ID, k.Account, k.PublicKey, k.Site, k.Name, int64(k.Count), k.MayBackUp, k.BackedUp, strings.Join(k.Transports, ","),
		sqlite.Millis(k.Created), sqlite.Millis(k.Used), k.Account, most)
	if err == nil && n == 0 {
		return shouwang.Errorf(shouwang.CodeConflict, "this passkey is known already, or there are %d: remove one first", most)
	}
	return err
}

// UsePasskey notes that a key was used, and its counter, if the counter has
// gone on since (WebAuthn, 7.2 step 22; a key that does not count shows zero for
// ever). CodeConflict when it has not: two hold the same key, or an answer was
// used twice.
func (r *Registry) UsePasskey(ctx context.Context, id string, count uint32, backedUp bool, at time.Time) error {
	n, err := r.quietly(ctx, `UPDATE passkeys SET count = ?, backed_up = ?, used = ? WHERE id = ? AND (count < ? OR count = 0 AND ? = 0)`,
		int64(count), backedUp, sqlite.Millis(at), id, int64(count), int64(count))
	if err != nil || n > 0 {
		return err
	}
	if _, err := r.Passkey(ctx, id); err != nil {
		return err
	}
	return shouwang.Errorf(shouwang.CodeConflict, "this passkey counts backwards: it may have been copied; remove it and set it up anew")
}

// NamePasskey gives one of the account's keys another name, or CodeNotFound.
func (r *Registry) NamePasskey(ctx context.Context, account, id, name string) error {
	n, err := r.quietly(ctx, `UPDATE passkeys SET name = ? WHERE id = ? AND account = ?`, name, id, account)
	if err == nil && n == 0 {
		return noPasskey()
	}
	return err
}

// RemovePasskey forgets one of the account's keys, or CodeNotFound, and ends
// the account's sessions but the one whose hash begins with keep; "" keeps none.
// Whoever has the phone may have more open than the key.
func (r *Registry) RemovePasskey(ctx context.Context, account, id, keep string) error {
	return r.apply(ctx, func(e *edit) error {
		res, err := e.tx.ExecContext(e.ctx, `DELETE FROM passkeys WHERE id = ? AND account = ?`, id, account)
		if err != nil {
			return fmt.Errorf("write registry: %w", err)
		}
		if n, _ := res.RowsAffected(); n == 0 {
			return noPasskey()
		}
		return e.exec(`DELETE FROM sessions WHERE account = ? AND (? = '' OR substr(hash, 1, length(?)) <> ?)`, account, keep, keep, keep)
	})
}

// dropPasskeys forgets the keys of every account of a person.
func (e *edit) dropPasskeys(principal string) error {
	return e.exec(`DELETE FROM passkeys WHERE account IN (SELECT name FROM accounts WHERE principal = ?)`, principal)
}
