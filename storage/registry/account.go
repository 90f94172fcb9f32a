package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"shouwang"
)

// AddAccount adds an account for a principal that is known. A name in use is
// CodeLoginTaken.
func (r *Registry) AddAccount(ctx context.Context, a shouwang.Account) error {
	return r.apply(ctx, func(e *edit) error { return r.addAccount(e, a) })
}

func (r *Registry) addAccount(e *edit, a shouwang.Account) error {
	if err := checkLogin(a.Name); err != nil {
		return err
	}
	if _, ok := e.world.Principal(a.Principal); !ok {
		return shouwang.Errorf(shouwang.CodeNotFound, "account %q: person %q is not in the register; add the person first", a.Name, a.Principal)
	}
	var there int
	if err := e.tx.QueryRowContext(e.ctx, `SELECT count(*) FROM accounts WHERE name = ?`, a.Name).Scan(&there); err != nil {
		return fmt.Errorf("write account: %w", err)
	}
	if there > 0 {
		return shouwang.Errorf(shouwang.CodeLoginTaken, "account %q: the name is in use", a.Name)
	}
	return r.saveAccount(e, a)
}

// checkLogin keeps out names that look alike (sign-in looks names up in lower
// case) or that carry control bytes.
func checkLogin(name string) error {
	if name == "" || len(name) > 64 || name != strings.ToLower(strings.TrimSpace(name)) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
		return shouwang.Errorf(shouwang.CodeBadUsage, "account %q: a name has 1 to 64 bytes, no capitals and no blank at its ends", name)
	}
	return nil
}

const accountColumns = `name, principal, password_hash, password_set, must_change, disabled, language, sealed_totp, sealed_totp_pending, totp_last, issuer, subject`

// selectAccount reads the columns and how many passkeys there are.
const selectAccount = `SELECT ` + accountColumns + `, (SELECT count(*) FROM passkeys WHERE account = accounts.name) FROM accounts `

func (r *Registry) saveAccount(e *edit, a shouwang.Account) error {
	if err := oneEach(e, &a); err != nil {
		return err
	}
	return e.exec(`INSERT INTO accounts (`+accountColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET principal = excluded.principal, password_hash = excluded.password_hash,
		password_set = excluded.password_set, must_change = excluded.must_change, disabled = excluded.disabled,
		language = excluded.language, sealed_totp = excluded.sealed_totp,
		sealed_totp_pending = excluded.sealed_totp_pending, totp_last = excluded.totp_last,
		issuer = excluded.issuer, subject = excluded.subject`,
		a.Name, a.Principal, a.PasswordHash, a.PasswordSet.UTC().Format(time.RFC3339Nano), a.MustChange, a.Disabled, a.Language,
		r.seal.Seal(totpName(a.Name), a.TOTPSecret), r.seal.Seal(totpName(a.Name), a.TOTPPending), int64(a.TOTPLast), a.Issuer, a.Subject)
}

// oneEach keeps one person at an identity provider from opening two accounts.
func oneEach(e *edit, a *shouwang.Account) error {
	if a.Subject == "" {
		return nil
	}
	var others int
	err := e.tx.QueryRowContext(e.ctx, `SELECT count(*) FROM accounts WHERE issuer = ? AND subject = ? AND name <> ?`, a.Issuer, a.Subject, a.Name).Scan(&others)
	if err != nil {
		return fmt.Errorf("write account: %w", err)
	}
	if others > 0 {
		return shouwang.Errorf(shouwang.CodeConflict, "account %q: whom the identity provider vouches for opens another account already", a.Name)
	}
	return nil
}

func totpName(account string) string { return "the second factor of " + account }

// scanner is a row, or the present one of several.
type scanner interface{ Scan(dest ...any) error }

func (r *Registry) scanAccount(row scanner) (a shouwang.Account, err error) {
	var set string
	var totp, pending []byte
	var last int64
	if err = row.Scan(&a.Name, &a.Principal, &a.PasswordHash, &set, &a.MustChange, &a.Disabled, &a.Language, &totp, &pending, &last, &a.Issuer, &a.Subject, &a.Passkeys); err != nil {
		return a, err
	}
	a.TOTPLast = uint64(last)
	a.PasswordSet, _ = time.Parse(time.RFC3339Nano, set)
	if a.TOTPSecret, err = r.seal.Open(totpName(a.Name), totp); err != nil {
		return a, err
	}
	a.TOTPPending, err = r.seal.Open(totpName(a.Name), pending)
	return a, err
}

// Account returns the account with the name, or CodeNotFound.
func (r *Registry) Account(ctx context.Context, name string) (shouwang.Account, error) {
	a, err := r.scanAccount(r.reader.QueryRowContext(ctx, selectAccount+`WHERE name = ?`, name))
	return a, accountError(name, err)
}

func accountError(name string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return shouwang.Errorf(shouwang.CodeNotFound, "account %q: there is none", name)
	}
	if err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	return nil
}

// Accounts returns all accounts by name, hashes included: do not print them.
func (r *Registry) Accounts(ctx context.Context) (all []shouwang.Account, err error) {
	rows, err := r.reader.QueryContext(ctx, selectAccount+`ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		a, err := r.scanAccount(rows)
		if err != nil {
			return nil, fmt.Errorf("read accounts: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// UpdateAccount changes one account in a transaction: two changes at once
// follow one another. What f returns as an error undoes the change. f may set
// Passkeys to zero, which forgets them all.
func (r *Registry) UpdateAccount(ctx context.Context, name string, f func(*shouwang.Account) error) error {
	return r.apply(ctx, func(e *edit) error {
		a, err := r.scanAccount(e.tx.QueryRowContext(ctx, selectAccount+`WHERE name = ?`, name))
		if err := accountError(name, err); err != nil {
			return err
		}
		had := a.Passkeys
		if err := f(&a); err != nil {
			return err
		}
		if a.Name != name {
			return shouwang.Errorf(shouwang.CodeBadUsage, "account %q: a name is for life", name)
		}
		if had > 0 && a.Passkeys == 0 {
			if err := e.exec(`DELETE FROM passkeys WHERE account = ?`, name); err != nil {
				return err
			}
		}
		return r.saveAccount(e, a)
	})
}

// RemoveAccount deletes an account and its sessions.
func (r *Registry) RemoveAccount(ctx context.Context, name string) error {
	n, err := r.quietly(ctx, `DELETE FROM accounts WHERE name = ?`, name)
	if err == nil && n == 0 {
		return accountError(name, sql.ErrNoRows)
	}
	return err
}
