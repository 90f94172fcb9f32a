package registry

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"shouwang"
	"shouwang/policy"
)

// AppendConsent keeps one more version of a consent. Versions count from 1
// without a hole, stay with their camera and purpose, and name their
// predecessor's hash where it has one; anything else is CodeConflict, which
// also tells who lost a race. When it returns, the version is durable and in
// World.
func (r *Registry) AppendConsent(ctx context.Context, c *policy.Consent) error {
	return r.apply(ctx, func(e *edit) error { return e.appendConsent(c) })
}

func (e *edit) appendConsent(c *policy.Consent) error {
	if err := e.fits(c); err != nil {
		return err
	}
	next, err := e.world.WithConsent(c)
	if err != nil {
		return err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write consent %s: %w", c.Ref(), err)
	}
	var head string
	if err := e.tx.QueryRowContext(e.ctx, `SELECT value FROM meta WHERE key = 'consent_head'`).Scan(&head); err != nil {
		return fmt.Errorf("write consent %s: %w", c.Ref(), err)
	}
	head = chain(head, body)
	if err := e.exec(`INSERT INTO consents (consent, version, camera, body, hash) VALUES (?, ?, ?, ?, ?)`,
		c.ID, c.Version, c.Camera, string(body), head); err != nil {
		return err
	}
	e.world = next
	return e.exec(`UPDATE meta SET value = ? WHERE key = 'consent_head'`, head)
}

// fits checks the version against those kept of the same consent. A record
// that was sealed from its first version on must go on as policy's life of
// a consent says; an older one, taken over without hashes, only in order.
func (e *edit) fits(c *policy.Consent) error {
	versions, err := versionsOf(e.tx.QueryContext(e.ctx, selectVersions, c.ID))
	if err != nil {
		return fmt.Errorf("read consent %s: %w", c.ID, err)
	}
	if len(versions) == 0 {
		if c.Version == 1 && c.RecordHash != "" {
			return policy.VerifyChain([]*policy.Consent{c})
		}
		if c.Version == 1 || c.PrevHash == "" {
			return nil // a register that begins with a later version is an import
		}
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s: the version before it is not in the register", c.Ref())
	}
	last := versions[len(versions)-1]
	switch {
	case c.Version != last.Version+1:
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s: the register has version %d; read it and try again", c.Ref(), last.Version)
	case c.Camera != last.Camera || c.Purpose != last.Purpose:
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s: a consent stays with its camera and purpose", c.Ref())
	case last.RecordHash != "" && c.PrevHash != last.RecordHash:
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s: does not follow from %s", c.Ref(), last.Ref())
	}
	if first := versions[0]; first.Version == 1 && first.RecordHash != "" {
		return policy.VerifyChain(append(versions, c))
	}
	return nil
}

const selectVersions = `SELECT body FROM consents WHERE consent = ? ORDER BY version`

// Consents returns every version of a consent, oldest first.
func (r *Registry) Consents(ctx context.Context, id string) ([]*policy.Consent, error) {
	versions, err := versionsOf(r.reader.QueryContext(ctx, selectVersions, id))
	if err != nil {
		return nil, fmt.Errorf("read consent %s: %w", id, err)
	}
	return versions, nil
}

func versionsOf(rows *sql.Rows, err error) (versions []*policy.Consent, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		c := new(policy.Consent)
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, c); err != nil {
			return nil, unreadable("%w", err)
		}
		versions = append(versions, c)
	}
	return versions, rows.Err()
}

// chain hashes one row onto the one before it.
func chain(prev string, body []byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "shouwang consent v1\n%s\n", prev)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// loadConsents reads all versions in the order written and verifies that none
// was edited, dropped, added or moved behind the register's back.
func loadConsents(ctx context.Context, tx *sql.Tx, f func(*policy.Consent)) error {
	rows, err := tx.QueryContext(ctx, `SELECT consent, version, camera, body, hash FROM consents ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read consents: %w", err)
	}
	defer func() { _ = rows.Close() }()
	head := ""
	for rows.Next() {
		var id, cam, hash string
		var version int
		var body []byte
		if err := rows.Scan(&id, &version, &cam, &body, &hash); err != nil {
			return fmt.Errorf("read consents: %w", err)
		}
		c := new(policy.Consent)
		if err := json.Unmarshal(body, c); err != nil {
			return unreadable("read consent %s@%d: %w", id, version, err)
		}
		if head = chain(head, body); head != hash || c.ID != id || c.Version != version || c.Camera != cam {
			return tampered("consent %s@%d is not what was written", id, version)
		}
		f(c)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read consents: %w", err)
	}
	var want string
	if err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = 'consent_head'`).Scan(&want); err != nil {
		return fmt.Errorf("read consents: %w", err)
	}
	if head != want {
		return tampered("the newest consents are missing")
	}
	return nil
}

func tampered(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeTampered,
		"read registry: %s; restore the database from a backup and compare it with the access log", fmt.Sprintf(format, args...))
}
