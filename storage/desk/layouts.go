package desk

import (
	"context"
	"database/sql"
	"fmt"

	"shouwang"
	"shouwang/storage/sqlite"
)

func scanLayout(scan func(...any) error) (l shouwang.Layout, err error) {
	var body []byte
	var at int64
	err = scan(&l.ID, &l.Owner, &l.Site, &body, &at, &l.ChangedBy)
	l.Body, l.Changed = body, sqlite.FromMillis(at)
	return l, err
}

const selectLayouts = `SELECT id, owner, site, body, changed, changed_by FROM layouts `

// Layouts returns every saved wall, by id.
func (d *DB) Layouts(ctx context.Context) ([]shouwang.Layout, error) {
	return rows(ctx, d, "list layouts", scanLayout, selectLayouts+`ORDER BY id`)
}

// Layout returns one, or CodeNotFound.
func (d *DB) Layout(ctx context.Context, id string) (shouwang.Layout, error) {
	return one(ctx, d, fmt.Sprintf("there is no layout %q", id), scanLayout, selectLayouts+`WHERE id = ?`, id)
}

// PutLayout keeps a wall: a new one, or over one with the same owner. It is
// CodeConflict when somebody else's wall has the id.
func (d *DB) PutLayout(ctx context.Context, l shouwang.Layout) error {
	return d.tx(ctx, "keep layout", func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO layouts VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET site = excluded.site, body = excluded.body, changed = excluded.changed, changed_by = excluded.changed_by
			WHERE owner = excluded.owner`, l.ID, l.Owner, l.Site, string(l.Body), sqlite.Millis(d.clock()), l.ChangedBy)
		if err != nil {
			return err
		}
		if n, _ := done.RowsAffected(); n == 0 {
			return shouwang.Errorf(shouwang.CodeConflict, "layout %q is somebody else's; choose another name", l.ID)
		}
		return nil
	})
}

// RemoveLayout forgets a wall; that there is none is no error.
func (d *DB) RemoveLayout(ctx context.Context, id string) error {
	return d.tx(ctx, "remove layout", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM layouts WHERE id = ?`, id)
		return err
	})
}
