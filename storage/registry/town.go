package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
)

// SetTown sets the time zone, the purpose list and the audiences.
func (r *Registry) SetTown(ctx context.Context, t Town) error {
	return r.apply(ctx, func(e *edit) error { return e.setTown(t) })
}

func (e *edit) setTown(t Town) error {
	data := e.world.Data()
	t.fill(&data)
	next, err := policy.NewWorld(data)
	if err != nil {
		return err
	}
	e.world = next
	return e.put("town", "town", t)
}

// PutPlaces adds places or replaces those with the same id.
func (r *Registry) PutPlaces(ctx context.Context, places ...shouwang.Place) error {
	return r.apply(ctx, func(e *edit) error { return e.putPlaces(places) })
}

func (e *edit) putPlaces(places []shouwang.Place) error {
	return e.changePlaces(policy.PlacesEdit{Put: places})
}

// ChangePlaces edits the tree of places, whole or not at all. allow is asked
// with the newest world inside the transaction, and its error undoes all; what
// would leave a camera, a person or a household without a place is refused.
func (r *Registry) ChangePlaces(ctx context.Context, change policy.PlacesEdit, allow func(*policy.World) error) error {
	return r.apply(ctx, func(e *edit) error {
		if err := allow(e.world); err != nil {
			return err
		}
		return e.changePlaces(change)
	})
}

func (e *edit) changePlaces(change policy.PlacesEdit) error {
	merged := maps.Clone(e.world.Places())
	for _, p := range change.Put {
		merged[p.ID] = p
		if err := e.put("places", string(p.ID), p); err != nil {
			return err
		}
	}
	for _, id := range change.Remove {
		delete(merged, id)
		if err := e.drop("places", string(id)); err != nil {
			return err
		}
	}
	next, err := e.world.WithPlaces(slices.Collect(maps.Values(merged)))
	if err == nil {
		e.world = next
	}
	return err
}

// PutUnit adds or replaces an organisation or a neighbour cell; one without
// its households or guardian is refused.
func (r *Registry) PutUnit(ctx context.Context, u policy.Unit) error {
	return r.apply(ctx, func(e *edit) error {
		if err := e.putUnit(u); err != nil {
			return err
		}
		return e.world.Validate()
	})
}

func (e *edit) putUnit(u policy.Unit) error {
	e.world = e.world.WithUnit(&u)
	return e.named("units", u.ID, u)
}

// PutPrincipal adds or replaces a person, wall or service.
func (r *Registry) PutPrincipal(ctx context.Context, p policy.Principal) error {
	return r.apply(ctx, func(e *edit) error { return e.putPrincipal(p) })
}

func (e *edit) putPrincipal(p policy.Principal) error {
	next, err := e.world.WithPrincipal(&p)
	if err != nil {
		return err
	}
	old, there := e.world.Principal(p.ID)
	e.world = next
	if there && len(old.Roles) > 0 && len(p.Roles) == 0 { // whoever comes back sets up anew
		if err := e.dropPasskeys(p.ID); err != nil {
			return err
		}
	}
	return e.named("principals", p.ID, p)
}

// SetDuty puts an officer on duty or off.
func (r *Registry) SetDuty(ctx context.Context, principal string, on bool) error {
	return r.apply(ctx, func(e *edit) error {
		p, ok := e.world.Principal(principal)
		if !ok {
			return shouwang.Errorf(shouwang.CodeNotFound, "person %q: there is none", principal)
		}
		next := *p
		next.OnDuty = on
		return e.putPrincipal(next)
	})
}

// RemovePrincipal forgets a principal and the accounts that sign in as it.
func (r *Registry) RemovePrincipal(ctx context.Context, id string) error {
	return r.apply(ctx, func(e *edit) error { return e.removePrincipal(id) })
}

func (e *edit) removePrincipal(id string) error {
	e.world = e.world.WithoutPrincipal(id)
	if err := e.exec(`DELETE FROM accounts WHERE principal = ?`, id); err != nil {
		return err
	}
	return e.drop("principals", id)
}

// PutCase adds or replaces a case.
func (r *Registry) PutCase(ctx context.Context, c policy.Case) error {
	return r.apply(ctx, func(e *edit) error { return e.putCase(c) })
}

func (e *edit) putCase(c policy.Case) error {
	e.world = e.world.WithCase(&c)
	return e.named("cases", c.ID, c)
}

// PutIncident adds or replaces an incident.
func (r *Registry) PutIncident(ctx context.Context, i policy.Incident) error {
	return r.apply(ctx, func(e *edit) error { return e.putIncident(i) })
}

func (e *edit) putIncident(i policy.Incident) error {
	e.world = e.world.WithIncident(&i)
	return e.named("incidents", i.ID, i)
}

// PutOrder adds or replaces a statutory order.
func (r *Registry) PutOrder(ctx context.Context, o policy.Order) error {
	return r.apply(ctx, func(e *edit) error { return e.putOrder(o) })
}

func (e *edit) putOrder(o policy.Order) error {
	e.world = e.world.WithOrder(&o)
	return e.named("orders", o.ID, o)
}

// PutSubjectRequest adds or replaces a filmed person's request.
func (r *Registry) PutSubjectRequest(ctx context.Context, s policy.SubjectRequest) error {
	return r.apply(ctx, func(e *edit) error { return e.putSubjectRequest(s) })
}

// ForgetSubjectRequests removes the requests of filmed persons whose time is
// over (policy.SubjectRequest.Forgotten), and the principals that existed for
// them. It returns the ids of the requests.
func (r *Registry) ForgetSubjectRequests(ctx context.Context, now time.Time) (gone []string, err error) {
	err = r.apply(ctx, func(e *edit) error {
		gone = nil
		for _, s := range e.world.SubjectRequests() {
			if !s.Forgotten(now) {
				continue
			}
			if err := e.forget(s); err != nil {
				return err
			}
			gone = append(gone, s.ID)
		}
		return nil
	})
	if err != nil || len(gone) == 0 {
		return gone, err
	}
	// What was deleted is zeroed in the file (secure_delete); the journal beside
	// it would keep the old pages until it is written anew.
	return gone, r.emptyJournal(ctx)
}

func (r *Registry) emptyJournal(ctx context.Context) error {
	r.change.Lock()
	defer r.change.Unlock()
	if _, err := r.writer.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("empty the register's journal: %w", err)
	}
	return nil
}

func (e *edit) forget(s *policy.SubjectRequest) error {
	if _, ok := e.world.Principal(s.Subject); ok && s.Subject == policy.FilmedPrefix+s.ID {
		if err := e.removePrincipal(s.Subject); err != nil {
			return err
		}
	}
	e.world = e.world.WithoutSubjectRequest(s.ID)
	return e.drop("subject_requests", s.ID)
}

func (e *edit) putSubjectRequest(s policy.SubjectRequest) error {
	e.world = e.world.WithSubjectRequest(&s)
	return e.named("subject_requests", s.ID, s)
}

// PutFootage adds or replaces a named stretch of footage.
func (r *Registry) PutFootage(ctx context.Context, f policy.Footage) error {
	return r.apply(ctx, func(e *edit) error { return e.putFootage(f) })
}

func (e *edit) putFootage(f policy.Footage) error {
	next := e.world.WithFootage(&f)
	if err := next.Validate(); err != nil {
		return err
	}
	e.world = next
	return e.named("footage", f.ID, f)
}

// PutHold adds or replaces a hold; one without a case, two people and an end
// date is refused.
func (r *Registry) PutHold(ctx context.Context, h policy.Hold) error {
	return r.apply(ctx, func(e *edit) error { return e.putHold(h) })
}

func (e *edit) putHold(h policy.Hold) error {
	next, err := e.world.WithHold(&h)
	if err != nil {
		return err
	}
	e.world = next
	return e.named("holds", h.ID, h)
}

// named writes a document that must have an id.
func (e *edit) named(table, id string, doc any) error {
	if id == "" {
		return shouwang.Errorf(shouwang.CodeBadUsage, "write %s: an id is missing", table)
	}
	return e.put(table, id, doc)
}

// CountAccounts returns how many accounts there are: none means that nobody
// can sign in yet.
func (r *Registry) CountAccounts(ctx context.Context) (n int, err error) {
	if err := r.reader.QueryRowContext(ctx, `SELECT count(*) FROM accounts`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count accounts: %w", err)
	}
	return n, nil
}
