package registry

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"shouwang/storage/sqlite"
)

// MachineAct is one use of a command that changes the register past the pages,
// and so past the two people that the pages ask for.
type MachineAct struct {
	ID  string    `json:"id"`
	At  time.Time `json:"at"`
	Who string    `json:"who"` // the operating system's user, as "root (sudo: chen)@host"
	Act string    `json:"act"` // as "place import: 3 people, 2 cameras"
	// Logged says that it stands in the access log, which only the service writes.
	Logged bool `json:"logged"`
}

type machineKey struct{}

// FromMachine returns a context under which every change of the register is noted
// as an act of the operating system's user given, in the change's own transaction:
// there is no change without its note.
func FromMachine(ctx context.Context, who, act string) context.Context {
	return context.WithValue(ctx, machineKey{}, MachineAct{Who: who, Act: act})
}

// noteMachine writes the act that the context names, if it names one.
func (e *edit) noteMachine(now time.Time) error {
	act, ok := e.ctx.Value(machineKey{}).(MachineAct)
	if !ok {
		return nil
	}
	return e.exec(`INSERT INTO machine_acts (id, at, who, act) VALUES (?, ?, ?, ?)`, "ma-"+rand.Text(), sqlite.Millis(now), act.Who, act.Act)
}

// MachineActs returns the newest acts, newest first; only those that are not in
// the access log yet, oldest first, where unlogged is asked for.
func (r *Registry) MachineActs(ctx context.Context, unlogged bool, limit int) (list []MachineAct, err error) {
	query := `SELECT id, at, who, act, logged FROM machine_acts ORDER BY at DESC, id LIMIT ?`
	if unlogged {
		query = `SELECT id, at, who, act, logged FROM machine_acts WHERE logged = 0 ORDER BY at, id LIMIT ?`
	}
	rows, err := r.reader.QueryContext(ctx, query, limit)
	if err != nil {
		return nil, fmt.Errorf("read what was done at the machine: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var a MachineAct
		var at int64
		if err := rows.Scan(&a.ID, &at, &a.Who, &a.Act, &a.Logged); err != nil {
			return nil, fmt.Errorf("read what was done at the machine: %w", err)
		}
		a.At = time.UnixMilli(at).UTC()
		list = append(list, a)
	}
	return list, rows.Err()
}

// MachineActLogged notes that an act stands in the access log.
func (r *Registry) MachineActLogged(ctx context.Context, id string) error {
	_, err := r.quietly(ctx, `UPDATE machine_acts SET logged = 1 WHERE id = ?`, id)
	return err
}
