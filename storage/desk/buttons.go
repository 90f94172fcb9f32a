package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"shouwang"
	"shouwang/storage/sqlite"
)

const maxHeartbeat = 30 * 24 * 3600

// PutButton adds a button and returns its token, or changes one and returns ""
// unless fresh asks for a new token. The token is kept as a hash only.
func (d *DB) PutButton(ctx context.Context, b shouwang.Button, fresh bool) (token string, err error) {
	switch {
	case !b.ID.Valid():
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "button id %q: write lower-case letters, digits, dots and hyphens, at most 64", b.ID)
	case strings.TrimSpace(b.Household) == "" || len(b.Household) > 200 || len(b.Phone) > 40:
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "button %s: say in at most 200 letters whose it is, so that help finds the door", b.ID)
	case !b.Position.Valid() || b.Position == (shouwang.Position{}):
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "button %s: give its position in degrees, so that cameras nearby are found", b.ID)
	case b.HeartbeatS < 0 || b.HeartbeatS > maxHeartbeat:
		return "", shouwang.Errorf(shouwang.CodeBadUsage, "button %s: heartbeat_s %d: write 0 to %d seconds", b.ID, b.HeartbeatS, maxHeartbeat)
	}
	body, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("keep button: %w", err)
	}
	err = d.tx(ctx, "keep button", func(tx *sql.Tx) error {
		var have int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM buttons WHERE id = ?`, b.ID).Scan(&have); err != nil {
			return err
		}
		if have > 0 && !fresh {
			_, err := tx.ExecContext(ctx, `UPDATE buttons SET body = ? WHERE id = ?`, string(body), b.ID)
			return err
		}
		token = strings.ToLower(rand.Text()) // 130 random bits
		_, err := tx.ExecContext(ctx, `INSERT INTO buttons (id, body, token_hash, made) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET body = excluded.body, token_hash = excluded.token_hash`, b.ID, string(body), hash(token), sqlite.Millis(d.clock()))
		return err
	})
	return token, err
}

// hash needs no slow hash: a token has 130 random bits.
func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

const selectButtons = `SELECT body, battery, heard FROM buttons `

func scanButton(scan func(...any) error) (b shouwang.ButtonHealth, err error) {
	var body []byte
	var heard int64
	if err = scan(&body, &b.Battery, &heard); err == nil {
		err = json.Unmarshal(body, &b.Button)
	}
	b.Heard = sqlite.FromMillis(heard)
	return b, err
}

// Buttons returns every button, by id.
func (d *DB) Buttons(ctx context.Context) ([]shouwang.ButtonHealth, error) {
	return rows(ctx, d, "list buttons", scanButton, selectButtons+`ORDER BY id`)
}

// Button returns one, or CodeNotFound.
func (d *DB) Button(ctx context.Context, id shouwang.ButtonID) (shouwang.ButtonHealth, error) {
	return one(ctx, d, fmt.Sprintf("there is no call button %q", id), scanButton, selectButtons+`WHERE id = ?`, id)
}

// RemoveButton forgets a button; its calls stay on record. CodeNotFound when
// there is none.
func (d *DB) RemoveButton(ctx context.Context, id shouwang.ButtonID) error {
	return d.tx(ctx, "remove button", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM buttons WHERE id = ?`, id)
		if err != nil {
			return err
		}
		if n, _ := done.RowsAffected(); n == 0 {
			return shouwang.Errorf(shouwang.CodeNotFound, "there is no call button %q", id)
		}
		return nil
	})
}

// Admits reports, as an error with CodeUnauthenticated, that the token is not
// the button's. A button that is not there is answered the same way.
func (d *DB) Admits(ctx context.Context, id shouwang.ButtonID, token string) error {
	var kept []byte
	err := d.read.QueryRowContext(ctx, `SELECT token_hash FROM buttons WHERE id = ?`, id).Scan(&kept)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read button: %w", err)
	}
	if subtle.ConstantTimeCompare(kept, hash(token)) != 1 {
		return shouwang.Errorf(shouwang.CodeUnauthenticated, "this token does not open call button %q: shouwang button add --new-token makes another", id)
	}
	return nil
}
