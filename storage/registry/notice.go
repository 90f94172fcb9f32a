package registry

import (
	"context"
	"encoding/json"
	"fmt"

	"shouwang"
	"shouwang/policy/papers"
)

// PutNotice keeps a version of a notice. One that is there already must say
// the same (CodeConflict otherwise): other words are another version.
func (r *Registry) PutNotice(ctx context.Context, n papers.NoticeText) error {
	return r.apply(ctx, func(e *edit) error { return e.putNotice(&n) })
}

func (e *edit) putNotice(n *papers.NoticeText) error {
	if err := n.Validate(); err != nil {
		return err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notice %s: %w", n.Ref(), err)
	}
	kept, err := noticesOf(e.ctx, e.tx)
	if err != nil {
		return err
	}
	for _, have := range append(kept, papers.DefaultNotices()...) {
		if have.ID != n.ID || have.Version != n.Version {
			continue
		}
		if was, err := json.Marshal(have); err != nil || string(was) != string(body) {
			return shouwang.Errorf(shouwang.CodeConflict, "notice %s is in the register with other words; a notice is never edited, give it another version", n.Ref())
		}
		return nil
	}
	return e.exec(`INSERT INTO notices (id, version, body) VALUES (?, ?, ?)`, n.ID, n.Version, string(body))
}

// Notices returns every version of every notice: the township's own in the
// order they came, after those that come with the program.
func (r *Registry) Notices(ctx context.Context) ([]*papers.NoticeText, error) {
	own, err := noticesOf(ctx, r.reader)
	if err != nil {
		return nil, err
	}
	return append(papers.DefaultNotices(), own...), nil
}

// Notice returns one version of a notice, or CodeNotFound.
func (r *Registry) Notice(ctx context.Context, id, version string) (*papers.NoticeText, error) {
	all, err := r.Notices(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		if n.ID == id && n.Version == version {
			return n, nil
		}
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "notice %s@%s: there is none", id, version)
}

func noticesOf(ctx context.Context, db queryer) (all []*papers.NoticeText, err error) {
	err = bodies(ctx, db, `SELECT body FROM notices ORDER BY rowid`, nil, func(raw []byte) error {
		n := new(papers.NoticeText)
		if err := json.Unmarshal(raw, n); err != nil {
			return unreadable("read notices: %w", err)
		}
		all = append(all, n)
		return nil
	})
	return all, err
}
