package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/sqlite"
)

// rememberApprovals is how long an approval stays in the lists that people
// read. The database, and the access log, keep it for ever.
const rememberApprovals = 180 * 24 * time.Hour

// spendWithin bounds the wait for the disk when an approval is used.
const spendWithin = 5 * time.Second

// Approvals is the record of second approvals: in memory, since the gate asks
// in the middle of a decision, and durable before a change counts. Its methods
// may be called from any goroutine. It is written by the one service that has
// the data folder.
type Approvals struct {
	registry *Registry
	log      *slog.Logger

	change sync.Mutex // held over a change and its write; before mu

	mu  sync.RWMutex // what the gate asks for is never held up by a write
	all map[string]*policy.Approval
}

// Approvals reads the record.
func (r *Registry) Approvals(ctx context.Context) (*Approvals, error) {
	b := &Approvals{registry: r, log: r.cfg.Log, all: map[string]*policy.Approval{}}
	rows, err := r.reader.QueryContext(ctx, `SELECT body FROM approvals WHERE asked >= ?`, sqlite.Millis(r.cfg.Clock().Add(-rememberApprovals)))
	if err != nil {
		return nil, fmt.Errorf("read approvals: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body []byte
		a := new(policy.Approval)
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read approvals: %w", err)
		}
		if err := json.Unmarshal(body, a); err != nil {
			return nil, unreadable("read approvals: %w", err)
		}
		b.all[a.ID] = a
	}
	return b, rows.Err()
}

// Change makes an approval, or the next state of one, and keeps it. change is
// given a copy of what stands, nil where the id is new, and returns what is to
// stand; its error changes nothing.
func (b *Approvals) Change(ctx context.Context, id string, change func(*policy.Approval) (*policy.Approval, error)) (*policy.Approval, error) {
	b.change.Lock()
	defer b.change.Unlock()
	next, err := change(b.get(id))
	if err != nil {
		return nil, err
	}
	if next.ID != id || id == "" {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "keep approval: it is %q and not %q", next.ID, id)
	}
	if err := b.keep(ctx, next); err != nil {
		return nil, err
	}
	return copyOf(next), nil
}

// get returns a copy, nil where there is none.
func (b *Approvals) get(id string) *policy.Approval {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return copyOf(b.all[id])
}

// keep writes one down; it needs change.
func (b *Approvals) keep(ctx context.Context, a *policy.Approval) error {
	body, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("write approval: %w", err)
	}
	_, err = b.registry.quietly(ctx, `INSERT INTO approvals VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, a.ID, sqlite.Millis(a.Asked), string(body))
	if err == nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.all[a.ID] = copyOf(a)
	}
	return err
}

func copyOf(a *policy.Approval) *policy.Approval {
	if a == nil {
		return nil
	}
	c := *a
	c.UsedFor = slices.Clone(a.UsedFor)
	return &c
}

// Approval returns one approval, or CodeNotFound.
func (b *Approvals) Approval(id string) (*policy.Approval, error) {
	if a := b.get(id); a != nil {
		return a, nil
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "there is no approval %q", id)
}

// List returns those that pick wants, the newest first.
func (b *Approvals) List(pick func(*policy.Approval) bool) []*policy.Approval {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := []*policy.Approval{}
	for _, a := range b.all {
		if pick(a) {
			out = append(out, copyOf(a))
		}
	}
	slices.SortFunc(out, func(x, y *policy.Approval) int { return y.Asked.Compare(x.Asked) })
	return out
}

// Approved implements gate.Approvals.
func (b *Approvals) Approved(req *policy.Request, at time.Time) *policy.Approval {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if req.Approval != "" {
		if a := b.all[req.Approval]; a != nil && a.Covers(req, at) {
			return copyOf(a)
		}
		return nil
	}
	for _, a := range b.all {
		if a.Covers(req, at) {
			return copyOf(a)
		}
	}
	return nil
}

// Spend implements gate.Approvals. A use that cannot be written down is none.
func (b *Approvals) Spend(id, decision string, at time.Time) bool {
	ctx, cancel := context.WithTimeout(context.Background(), spendWithin)
	defer cancel()
	b.change.Lock()
	defer b.change.Unlock()
	a := b.get(id)
	if a == nil || a.Left(at) == 0 {
		return false
	}
	a.UsedFor = append(a.UsedFor, decision)
	if err := b.keep(ctx, a); err != nil {
		b.log.Error("an approval's use cannot be written down, so it is refused", "approval", id, "error", err)
		return false
	}
	return true
}
