package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"shouwang/policy"
)

// unloggedMeta is where the catalog keeps what waits for the access log.
const unloggedMeta = "unlogged destructions"

// receiptWithin is how long after a destruction its receipt is surely written.
const receiptWithin = time.Minute

// unlogged is a destruction whose entry the access log did not take, with the
// receipt that was given without it.
type unlogged struct {
	ID      string       `json:"id"`
	Entry   policy.Entry `json:"entry"`
	Keys    []string     `json:"keys"`
	Receipt string       `json:"receipt,omitempty"`
}

// waiting returns the destructions that are not in the access log yet.
func (e *eraser) waiting(ctx context.Context) ([]unlogged, error) {
	raw, err := e.archive.Catalog.Meta(ctx, unloggedMeta)
	if err != nil || raw == "" {
		return nil, err
	}
	var list []unlogged
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		return nil, fmt.Errorf("read unlogged destructions: %w", err)
	}
	return list, nil
}

// keepUnlogged changes the list of what waits; the caller holds e.mu.
func (e *eraser) keepUnlogged(ctx context.Context, change func([]unlogged) []unlogged) error {
	list, err := e.waiting(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(change(list))
	if err != nil {
		return fmt.Errorf("write unlogged destructions: %w", err)
	}
	return e.archive.Catalog.SetMeta(ctx, unloggedMeta, string(raw))
}

// given notes which receipt was written while an entry waited.
func (e *eraser) given(ctx context.Context, waits, receipt string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.keepUnlogged(ctx, func(list []unlogged) []unlogged {
		for i := range list {
			if list[i].ID == waits {
				list[i].Receipt = receipt
			}
		}
		return list
	})
}

// relog writes the entries that wait, oldest first, and puts their place into
// the receipts that were given without it, signed anew. It stops at the first
// that the log does not take: later ones wait as well.
func (c consents) relog(ctx context.Context) error {
	e := c.eraser
	e.mu.Lock()
	defer e.mu.Unlock()
	list, err := e.waiting(ctx)
	for err == nil && len(list) > 0 {
		u := list[0]
		if u.Receipt == "" && e.clock().Sub(u.Entry.At) < receiptWithin {
			return nil // its receipt may be on its way, and is to name the entry
		}
		var at uint64
		if at, err = e.audit.Append(ctx, u.Entry); err != nil {
			return fmt.Errorf("log a destruction of %s that waits: %w", u.Entry.Camera, err)
		}
		if u.Receipt != "" {
			if err = c.amend(ctx, &u, int64(at)); err != nil {
				e.log.Error("a receipt could not be given its place in the log", "receipt", u.Receipt, "error", err)
			}
		}
		err = e.keepUnlogged(ctx, func(list []unlogged) []unlogged {
			return slices.DeleteFunc(list, func(o unlogged) bool { return o.ID == u.ID })
		})
		list = list[1:]
	}
	return err
}

// amend puts the entry's place into a receipt and signs it anew.
func (c consents) amend(ctx context.Context, u *unlogged, at int64) error {
	r, err := c.Receipt(ctx, u.Receipt)
	if err != nil {
		return err
	}
	r.LogIndex = &at
	if r.Signed, err = c.sign(&r, u.Keys); err != nil {
		return err
	}
	return c.keep(ctx, &r)
}
