package ledger

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"shouwang/storage/atrest"
)

// maxCachedKeys bounds the memory of opened keys; beyond it they are read
// again.
const maxCachedKeys = 20_000

// key seals the clear lines of one camera and month.
type key struct {
	id   int64
	aead cipher.AEAD
}

// keyCache hands out keys, made at first use.
type keyCache struct {
	box *atrest.Box
	db  *database

	mu   sync.Mutex
	open map[string]key
}

func keyName(tag []byte, month int) string {
	return fmt.Sprintf("%s %d", hex.EncodeToString(tag), month)
}

// get returns the key of the camera and month, making one if there is none.
func (k *keyCache) get(ctx context.Context, tag []byte, month int) (key, error) {
	name := keyName(tag, month)
	k.mu.Lock()
	defer k.mu.Unlock()
	if have, ok := k.open[name]; ok {
		return have, nil
	}
	var id int64
	var sealed []byte
	err := k.db.writer.QueryRowContext(ctx, `SELECT id, sealed_key FROM keys WHERE camera = ? AND month = ?`, tag, month).Scan(&id, &sealed)
	if isNoRows(err) {
		return k.make(ctx, tag, month)
	}
	if err != nil {
		return key{}, fmt.Errorf("read key: %w", err)
	}
	opened, err := k.unseal(id, name, sealed)
	if err == nil {
		k.keep(name, opened)
	}
	return opened, err
}

// make adds a new key; it needs mu.
func (k *keyCache) make(ctx context.Context, tag []byte, month int) (key, error) {
	name, raw := keyName(tag, month), make([]byte, 32)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	res, err := k.db.writer.ExecContext(ctx, `INSERT INTO keys (camera, month, sealed_key) VALUES (?, ?, ?)`,
		tag, month, k.box.Seal(name, raw))
	if err != nil {
		return key{}, fmt.Errorf("make key: %w", err)
	}
	id, err := res.LastInsertId()
	if err != nil {
		return key{}, fmt.Errorf("make key: %w", err)
	}
	aead, err := atrest.NewAEAD(raw)
	made := key{id: id, aead: aead}
	if err == nil {
		k.keep(name, made)
	}
	return made, err
}

func (k *keyCache) unseal(id int64, name string, sealed []byte) (key, error) {
	raw, err := k.box.Open(name, sealed)
	if err != nil {
		return key{}, err
	}
	aead, err := atrest.NewAEAD(raw)
	return key{id: id, aead: aead}, err
}

// keep remembers an opened key; it needs mu.
func (k *keyCache) keep(name string, opened key) {
	if k.open == nil || len(k.open) >= maxCachedKeys {
		k.open = map[string]key{}
	}
	k.open[name] = opened
}

// Erase destroys the keys of the camera's ("camera:door-17") entries in the
// months of from to to, both included, and returns how many keys there were.
// The commitments stay: the log still counts the entries, and every other proof
// holds.
func (l *Ledger) Erase(ctx context.Context, camera string, from, to time.Time) (int, error) {
	l.keys.mu.Lock()
	defer l.keys.mu.Unlock()
	res, err := l.db.writer.ExecContext(ctx, `DELETE FROM keys WHERE camera = ? AND month BETWEEN ? AND ?`,
		l.box.Tag("camera "+camera), monthOf(from), monthOf(to))
	if err != nil {
		return 0, fmt.Errorf("erase access log: %w", err)
	}
	clear(l.keys.open)
	// The journal still holds the page as it was: fold it in and cut it off.
	var busy, logged, folded int
	err = l.db.writer.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &logged, &folded)
	if err != nil || busy != 0 {
		return 0, fmt.Errorf("erase access log: its journal is in use, erase again: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}
