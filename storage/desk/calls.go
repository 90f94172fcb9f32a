package desk

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/sqlite"
)

// again is how long after it was answered another press makes a call loud
// anew: whoever still presses then has not been helped.
const again = 30 * time.Second

// slack is how far a device's clock may be ahead, and how old its word may be,
// before ours is taken.
const (
	slack     = 2 * time.Minute
	oldestWas = 30 * 24 * time.Hour
)

// keepSignals is for how long the names of messages are remembered. A broker
// keeps a message for a client that is away for less.
const keepSignals = 90 * 24 * time.Hour

// Hear takes a signal in. When it returned nil the signal is durable, and may
// be acknowledged to whoever brought it. A press makes a call, or one more
// press of the call that is not closed yet; a message that was heard before
// changes nothing. changed says whether there is something to tell the
// dispatchers. CodeNotFound when there is no such button.
func (d *DB) Hear(ctx context.Context, s shouwang.Signal) (call shouwang.Call, changed bool, err error) {
	err = d.tx(ctx, "keep signal", func(tx *sql.Tx) error {
		if err := d.heard(ctx, tx, s); err != nil || s.Kind != shouwang.SignalPress {
			return err
		}
		call, changed, err = d.press(ctx, tx, s)
		return err
	})
	return call, changed, err
}

// heard notes that the button lives, and how full its battery is.
func (d *DB) heard(ctx context.Context, tx *sql.Tx, s shouwang.Signal) error {
	done, err := tx.ExecContext(ctx, `UPDATE buttons SET heard = max(heard, ?), battery = CASE WHEN ? BETWEEN 0 AND 100 THEN ? ELSE battery END WHERE id = ?`,
		sqlite.Millis(s.Received), s.Battery, s.Battery, s.Button)
	if err != nil {
		return err
	}
	if n, _ := done.RowsAffected(); n == 0 {
		return shouwang.Errorf(shouwang.CodeNotFound, "there is no call button %q: shouwang button add registers it", s.Button)
	}
	return nil
}

func (d *DB) press(ctx context.Context, tx *sql.Tx, s shouwang.Signal) (call shouwang.Call, changed bool, err error) {
	if s.ID != "" {
		var known string
		err := tx.QueryRowContext(ctx, `SELECT call FROM signals WHERE button = ? AND signal = ?`, s.Button, s.ID).Scan(&known)
		if err == nil {
			call, err = scanCall(tx.QueryRowContext(ctx, selectCalls+`WHERE id = ?`, known).Scan)
			return call, false, err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return call, false, err
		}
	}
	call, err = scanCall(tx.QueryRowContext(ctx, selectCalls+`WHERE button = ? AND state <> 'closed'`, s.Button).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		call = shouwang.Call{ID: "sos-" + strings.ToLower(rand.Text()), Button: s.Button, First: pressedAt(s), Received: s.Received, Via: s.Via, State: shouwang.CallOpen}
	case err != nil:
		return call, false, err
	case call.State == shouwang.CallAnswered && s.Received.Sub(call.Answered) >= again:
		call.State, call.AnsweredBy, call.Answered = shouwang.CallOpen, "", time.Time{}
	}
	call.Presses, call.Last = call.Presses+1, s.Received
	if err := putCall(ctx, tx, &call); err != nil {
		return call, false, err
	}
	return call, true, d.remember(ctx, tx, s, call.ID)
}

// remember keeps the message's name, and forgets those of long ago.
func (d *DB) remember(ctx context.Context, tx *sql.Tx, s shouwang.Signal, call string) error {
	if s.ID == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO signals VALUES (?, ?, ?, ?)`, s.Button, s.ID, call, sqlite.Millis(s.Received))
	if err == nil {
		_, err = tx.ExecContext(ctx, `DELETE FROM signals WHERE button = ? AND received < ?`, s.Button, sqlite.Millis(s.Received.Add(-keepSignals)))
	}
	return err
}

// pressedAt believes the device's clock where it can be right.
func pressedAt(s shouwang.Signal) time.Time {
	if s.At.IsZero() || s.At.After(s.Received.Add(slack)) || s.At.Before(s.Received.Add(-oldestWas)) {
		return s.Received
	}
	return s.At
}

const selectCalls = `SELECT id, button, first, received, last, presses, via, state, answered_by, answered, closed_by, closed, outcome, note, incident FROM calls `

func scanCall(scan func(...any) error) (c shouwang.Call, err error) {
	var first, received, last, answered, closed int64
	err = scan(&c.ID, &c.Button, &first, &received, &last, &c.Presses, &c.Via, &c.State, &c.AnsweredBy, &answered, &c.ClosedBy, &closed, &c.Outcome, &c.Note, &c.Incident)
	c.First, c.Received, c.Last, c.Answered, c.Closed = sqlite.FromMillis(first), sqlite.FromMillis(received), sqlite.FromMillis(last), sqlite.FromMillis(answered), sqlite.FromMillis(closed)
	return c, err
}

func putCall(ctx context.Context, tx *sql.Tx, c *shouwang.Call) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO calls (id, button, first, received, last, presses, via, state, answered_by, answered, closed_by, closed, outcome, note, incident)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last, presses = excluded.presses, state = excluded.state,
		answered_by = excluded.answered_by, answered = excluded.answered, closed_by = excluded.closed_by, closed = excluded.closed, outcome = excluded.outcome,
		note = excluded.note, incident = excluded.incident`,
		c.ID, c.Button, sqlite.Millis(c.First), sqlite.Millis(c.Received), sqlite.Millis(c.Last), c.Presses, c.Via, c.State, c.AnsweredBy, sqlite.Millis(c.Answered),
		c.ClosedBy, sqlite.Millis(c.Closed), c.Outcome, c.Note, c.Incident)
	return err
}

// Calls returns the calls that are not closed and those received since, latest
// first, at most 500.
func (d *DB) Calls(ctx context.Context, since time.Time) ([]shouwang.Call, error) {
	return rows(ctx, d, "list calls", scanCall, selectCalls+`WHERE state <> 'closed' OR received >= ? ORDER BY received DESC, id LIMIT 500`, sqlite.Millis(since))
}

// Call returns one, or CodeNotFound.
func (d *DB) Call(ctx context.Context, id string) (shouwang.Call, error) {
	return one(ctx, d, fmt.Sprintf("there is no call %q", id), scanCall, selectCalls+`WHERE id = ?`, id)
}

// AnswerCall notes that somebody cares for the call. One that is cared for
// already stays theirs: CodeConflict.
func (d *DB) AnswerCall(ctx context.Context, id, by string) (shouwang.Call, error) {
	return d.changeCall(ctx, id, func(c *shouwang.Call) error {
		if c.State == shouwang.CallAnswered && c.AnsweredBy != by {
			return shouwang.Errorf(shouwang.CodeConflict, "call %s is answered by %s already", id, c.AnsweredBy)
		}
		c.State, c.AnsweredBy, c.Answered = shouwang.CallAnswered, by, d.clock()
		return nil
	})
}

// JoinCall notes the incident that was opened for a call.
func (d *DB) JoinCall(ctx context.Context, id, incident string) (shouwang.Call, error) {
	return d.changeCall(ctx, id, func(c *shouwang.Call) error { c.Incident = incident; return nil })
}

// CloseCall ends a call with what came of it: helped, false_alarm or test.
func (d *DB) CloseCall(ctx context.Context, id, by, outcome, note string) (shouwang.Call, error) {
	return d.changeCall(ctx, id, func(c *shouwang.Call) error {
		if c.AnsweredBy == "" {
			c.AnsweredBy, c.Answered = by, d.clock()
		}
		c.State, c.ClosedBy, c.Closed, c.Outcome, c.Note = shouwang.CallClosed, by, d.clock(), outcome, note
		return nil
	})
}

func (d *DB) changeCall(ctx context.Context, id string, f func(*shouwang.Call) error) (c shouwang.Call, err error) {
	err = d.tx(ctx, "change call", func(tx *sql.Tx) error {
		c, err = scanCall(tx.QueryRowContext(ctx, selectCalls+`WHERE id = ?`, id).Scan)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return shouwang.Errorf(shouwang.CodeNotFound, "there is no call %q", id)
		case err != nil:
			return err
		case c.State == shouwang.CallClosed:
			return shouwang.Errorf(shouwang.CodeConflict, "call %s was closed by %s", id, c.ClosedBy)
		}
		if err := f(&c); err != nil {
			return err
		}
		return putCall(ctx, tx, &c)
	})
	return c, err
}
