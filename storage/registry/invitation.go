package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
)

// queryer is the database or a transaction on it.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// bodies calls f with the one column of every row.
func bodies(ctx context.Context, db queryer, query string, args []any, f func(raw []byte) error) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read registry: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return fmt.Errorf("read registry: %w", err)
		}
		if err := f(raw); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Invite keeps an invitation and, where the record does not stand there yet,
// the version of the consent in which the owner is asked; asked is nil for an
// invitation to renew. An older open invitation to the same record is revoked:
// one token at a time.
func (r *Registry) Invite(ctx context.Context, i *papers.Invitation, asked *policy.Consent) error {
	return r.apply(ctx, func(e *edit) error {
		older, err := invitationsOf(e.ctx, e.tx, `WHERE camera = ? AND state = ?`, i.Camera, papers.InvitationOpen)
		if err != nil {
			return err
		}
		for _, o := range older {
			if o.Consent == i.Consent {
				o.State, o.Answered = papers.InvitationRevoked, i.Created
				if err := e.saveInvitation(o); err != nil {
					return err
				}
			}
		}
		if asked != nil {
			if err := e.appendConsent(asked); err != nil {
				return err
			}
		}
		return e.saveInvitation(i)
	})
}

func (e *edit) saveInvitation(i *papers.Invitation) error {
	body, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write invitation %s: %w", i.ID, err)
	}
	return e.exec(`INSERT INTO invitations (id, token_hash, camera, state, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body`,
		i.ID, i.TokenHash, i.Camera, i.State, string(body))
}

// Invitations returns all invitations, newest first, with their tokens' hashes.
func (r *Registry) Invitations(ctx context.Context) ([]*papers.Invitation, error) {
	return invitationsOf(ctx, r.reader, `ORDER BY rowid DESC`)
}

// InvitationByToken returns the invitation whose token has the hash, answered
// or not, or CodeNotFound.
func (r *Registry) InvitationByToken(ctx context.Context, tokenHash string) (*papers.Invitation, error) {
	return oneInvitation(ctx, r.reader, `WHERE token_hash = ?`, tokenHash)
}

func oneInvitation(ctx context.Context, db queryer, where string, args ...any) (*papers.Invitation, error) {
	found, err := invitationsOf(ctx, db, where, args...)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "there is no such invitation")
	}
	return found[0], nil
}

func invitationsOf(ctx context.Context, db queryer, where string, args ...any) (all []*papers.Invitation, err error) {
	err = bodies(ctx, db, `SELECT body FROM invitations `+where, args, func(raw []byte) error {
		i := new(papers.Invitation)
		if err := json.Unmarshal(raw, i); err != nil {
			return unreadable("read invitations: %w", err)
		}
		all = append(all, i)
		return nil
	})
	return all, err
}

// Answer is what an invitation comes to, all of it or nothing.
type Answer struct {
	Invitation string // id
	State      papers.InvitationState
	At         time.Time
	// Consent is the version that the answer makes; nil leaves the record as it
	// is, as when a renewal is refused.
	Consent *policy.Consent
	// Owner is who answered, "" for a no without a name; a camera without an
	// owner becomes theirs.
	Owner string
	// Person and Account are who the owner becomes where the register did not
	// know them, nil where it did.
	Person  *policy.Principal
	Account *shouwang.Account
}

// AnswerInvitation uses an invitation up. One that is no longer open, or has
// lapsed, is CodeConflict: of two answers the first counts. A camera that had
// no owner belongs to the new person.
func (r *Registry) AnswerInvitation(ctx context.Context, a Answer) error {
	return r.apply(ctx, func(e *edit) error {
		i, err := oneInvitation(e.ctx, e.tx, `WHERE id = ?`, a.Invitation)
		if err != nil {
			return err
		}
		if state := i.At(a.At); state != papers.InvitationOpen {
			return shouwang.Errorf(shouwang.CodeConflict, "this invitation is %s; ask for a new one", state)
		}
		i.State, i.Answered = a.State, a.At
		if err := r.newOwner(e, i, &a); err != nil {
			return err
		}
		if a.Consent != nil {
			if err := e.appendConsent(a.Consent); err != nil {
				return err
			}
		}
		return e.saveInvitation(i)
	})
}

// newOwner puts a person and their account into the register, where they are
// new, and a camera that had no owner into their name.
func (r *Registry) newOwner(e *edit, i *papers.Invitation, a *Answer) error {
	if a.Person != nil {
		if _, there := e.world.Principal(a.Person.ID); there {
			return shouwang.Errorf(shouwang.CodeConflict, "person %s is in the register already", a.Person.ID)
		}
		if err := e.putPrincipal(*a.Person); err != nil {
			return err
		}
	}
	if a.Account != nil {
		if err := r.addAccount(e, *a.Account); err != nil {
			return err
		}
	}
	if a.Owner == "" || a.State != papers.InvitationGiven {
		return nil
	}
	cam, err := r.camera(e.ctx, e.tx, cameraIDOf(i.Camera))
	if err != nil {
		return err
	}
	i.For = a.Owner
	switch cam.Owner {
	case a.Owner:
		return nil
	case "":
		cam.Owner = a.Owner
		return r.putCamera(e, &cam)
	}
	return shouwang.Errorf(shouwang.CodeConflict, "camera %s belongs to somebody else", cam.ID)
}

func cameraIDOf(resource string) shouwang.CameraID {
	return (&policy.Camera{ID: resource}).CameraID()
}
