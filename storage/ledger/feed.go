package ledger

import (
	"context"
	"fmt"
	"time"

	"shouwang"
)

// retryAfter is the pause after the Merkle log refused.
const retryAfter = time.Second

// feed carries leaves from the front into the Merkle log until the ledger is
// closed. It alone adds to the Merkle log.
func (l *Ledger) feed() {
	retry := time.NewTimer(0) // at start there may be some left over
	defer retry.Stop()
	for {
		select {
		case <-l.life.Done():
			return
		case <-l.kick:
		case <-retry.C:
		}
		if err := l.feedAll(l.life); err != nil && l.life.Err() == nil {
			if l.failing.Swap(&err) == nil {
				l.cfg.Log.Error("the public log takes no entries, nothing may be shown until it does", "err", err)
			}
			retry.Reset(retryAfter)
		} else if err == nil && l.failing.Swap(nil) != nil {
			l.cfg.Log.Info("the public log takes entries again")
		}
	}
}

// feedAll feeds until nothing waits.
func (l *Ledger) feedAll(ctx context.Context) error {
	if l.failing.Load() != nil {
		if err := l.reconcile(ctx); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		leaves, err := l.db.unfed(ctx, maxBatch)
		if err != nil {
			return fmt.Errorf("feed public log: %w", err)
		}
		if len(leaves) == 0 {
			return nil // one committed since has its kick on the way
		}
		at, err := l.tree.add(ctx, leaves)
		if err != nil {
			return fmt.Errorf("feed public log: %w", err)
		}
		if err := l.placed(ctx, at); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *Ledger) placed(ctx context.Context, at map[uint64][]byte) error {
	unknown, err := l.db.place(ctx, at)
	if err != nil {
		return fmt.Errorf("feed public log: %w", err)
	}
	if len(unknown) > 0 {
		return shouwang.Errorf(shouwang.CodeTampered,
			"the public log holds entry %d, which was never written here or stands there twice: stop, keep the folder and verify it", unknown[0])
	}
	l.fed.Add(int64(len(at)))
	return nil
}

// reconcile learns from the public log itself which leaves it holds: after
// a crash or an error that is the only truth, and adding a leaf twice or giving
// it a wrong place would be a lie.
func (l *Ledger) reconcile(ctx context.Context) error {
	known, err := l.db.indexed(ctx)
	if err != nil {
		return unreadable("open access log: %w", err)
	}
	size, err := l.tree.integrated(ctx)
	if err != nil {
		return unreadable("open access log: %w", err)
	}
	if known > size {
		return shouwang.Errorf(shouwang.CodeTampered,
			"the public log has %d entries and had %d: it was cut or restored from an old copy; keep the folder and verify it", size, known)
	}
	for known < size {
		end := min(size, known+4*maxBatch)
		at, err := l.tree.leaves(ctx, known, end)
		if err != nil {
			return unreadable("open access log: %w", err)
		}
		if err := l.placed(ctx, at); err != nil {
			return err
		}
		known = end
	}
	return nil
}
