package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// rememberProposals bounds the list that people read, newest first.
const rememberProposals = 500

// PutProposal keeps a proposal about people as the JSON given, or its next state.
func (r *Registry) PutProposal(ctx context.Context, id string, asked time.Time, body []byte) error {
	_, err := r.quietly(ctx, `INSERT INTO people_proposals VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, id, sqlite.Millis(asked), string(body))
	return err
}

// Proposals returns the newest proposals about people, newest first.
func (r *Registry) Proposals(ctx context.Context) (all [][]byte, err error) {
	rows, err := r.reader.QueryContext(ctx, `SELECT body FROM people_proposals ORDER BY asked DESC LIMIT ?`, rememberProposals)
	if err != nil {
		return nil, fmt.Errorf("read proposals: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read proposals: %w", err)
		}
		all = append(all, body)
	}
	return all, rows.Err()
}

// PutWelcome keeps the hash of a link by which the account's password is set;
// an older link of the account opens nothing any more.
func (r *Registry) PutWelcome(ctx context.Context, hash, account string, expires time.Time) error {
	return r.apply(ctx, func(e *edit) error {
		if err := e.exec(`DELETE FROM welcomes WHERE account = ?`, account); err != nil {
			return err
		}
		return e.exec(`INSERT INTO welcomes VALUES (?, ?, ?)`, hash, account, sqlite.Millis(expires))
	})
}

// Welcome returns the account that a link is for, or CodeNotFound for one that
// is not known, used or too old.
func (r *Registry) Welcome(ctx context.Context, hash string, now time.Time) (account string, err error) {
	err = r.reader.QueryRowContext(ctx, `SELECT account FROM welcomes WHERE token_hash = ? AND expires > ?`, hash, sqlite.Millis(now)).Scan(&account)
	return account, welcomeError(err)
}

// UseWelcome spends a link, once: CodeNotFound the second time.
func (r *Registry) UseWelcome(ctx context.Context, hash string, now time.Time) error {
	n, err := r.quietly(ctx, `DELETE FROM welcomes WHERE token_hash = ? AND expires > ?`, hash, sqlite.Millis(now))
	if err == nil && n == 0 {
		err = welcomeError(sql.ErrNoRows)
	}
	return err
}

func welcomeError(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return shouwang.Errorf(shouwang.CodeNotFound, "this link is not known, was used, or is too old: ask for a new one")
	}
	if err != nil {
		return fmt.Errorf("read welcome: %w", err)
	}
	return nil
}
