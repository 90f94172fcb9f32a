package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"

	"shouwang"
	"shouwang/policy"
)

// edit is a change under way: the transaction, and the world as it will be.
type edit struct {
	ctx   context.Context
	tx    *sql.Tx
	world *policy.World
}

// apply runs f in one transaction that sees the newest data, and makes the
// world that f leaves the present one when it is durable. An error undoes all.
func (r *Registry) apply(ctx context.Context, f func(*edit) error) error {
	r.change.Lock()
	defer r.change.Unlock()
	tx, err := r.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	have, err := r.present(ctx, tx)
	if err != nil {
		return err
	}
	e := &edit{ctx: ctx, tx: tx, world: have.world}
	if err := f(e); err != nil {
		return err
	}
	if err := e.noteMachine(r.cfg.Clock()); err != nil {
		return err
	}
	next := &snapshot{revision: have.revision + 1, world: e.world}
	if err := e.exec(`UPDATE meta SET value = ? WHERE key = 'revision'`, strconv.FormatInt(next.revision, 10)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	r.now.Store(next)
	r.notify()
	return nil
}

// quietly runs one statement that no rule looks at: the snapshot stays and
// nobody is woken. It returns how many rows changed.
func (r *Registry) quietly(ctx context.Context, query string, args ...any) (int64, error) {
	r.change.Lock()
	defer r.change.Unlock()
	res, err := r.writer.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("write registry: %w", err)
	}
	return res.RowsAffected()
}

func (e *edit) exec(query string, args ...any) error {
	if _, err := e.tx.ExecContext(e.ctx, query, args...); err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	return nil
}

// put writes one document; table is a constant of this package.
func (e *edit) put(table, id string, doc any) error {
	body, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	return e.exec(`INSERT INTO `+table+` VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body`, id, string(body))
}

// drop deletes one document and says so when there was none.
func (e *edit) drop(table, id string) error {
	res, err := e.tx.ExecContext(e.ctx, `DELETE FROM `+table+` WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("write registry: %w", err)
	}
	if n, _ := res.RowsAffected(); n == 0 {
		return shouwang.Errorf(shouwang.CodeNotFound, "remove %s: there is none", id)
	}
	return nil
}

// each calls f with every document of the table, by id.
func each[T any](ctx context.Context, tx *sql.Tx, table string, f func(id string, doc *T) error) error {
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM `+table+` ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read registry: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return fmt.Errorf("read registry: %w", err)
		}
		doc := new(T)
		if err := json.Unmarshal(body, doc); err != nil {
			return unreadable("read registry: %s of %s: %w", id, table, err)
		}
		if err := f(id, doc); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list returns every document of the table, by id.
func list[T any](ctx context.Context, tx *sql.Tx, table string) (docs []*T, err error) {
	err = each(ctx, tx, table, func(_ string, doc *T) error {
		docs = append(docs, doc)
		return nil
	})
	return docs, err
}
