package service

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/casebook"
	"shouwang/storage/ledger"
	"shouwang/web/cases"
)

// openCasebook opens the files of cases.
func (s *Service) openCasebook(ctx context.Context) (err error) {
	s.casebook, err = casebook.Open(ctx, casebook.Config{Path: s.cfg.path("casebook.db"), SecretPath: s.cfg.path("secret.key"), Clock: s.clock})
	if err == nil {
		s.closeWith("casebook", s.casebook)
	}
	return err
}

// casesRoom joins the room of cases to its neighbours.
func (s *Service) casesRoom() *cases.Room {
	n := s.node
	return cases.New(cases.Deps{
		Book: book{s.casebook}, Log: caseLog{s.ledger}, Desk: desk{n.registry, n.refresh},
		Footage: kept{s.index()},
	})
}

// book shows the casebook to the room.
type book struct{ *casebook.Book }

// Items returns what a case holds.
func (b book) Items(ctx context.Context, kase string) ([]cases.Item, error) {
	found, err := b.Book.Items(ctx, kase)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Item, len(found))
	for i, f := range found {
		out[i] = cases.Item(f)
	}
	return out, nil
}

// Add gathers an item.
func (b book) Add(ctx context.Context, i cases.Item) error {
	return b.Book.Add(ctx, casebook.Item(i))
}

// Sheet returns a case's sheet.
func (b book) Sheet(ctx context.Context, kase string) (cases.Sheet, error) {
	sheet, err := b.Book.Sheet(ctx, kase)
	return cases.Sheet(sheet), err
}

// SetSheet replaces a case's sheet.
func (b book) SetSheet(ctx context.Context, kase, by string, sheet cases.Sheet) error {
	return b.Book.SetSheet(ctx, kase, by, casebook.Sheet(sheet))
}

// History returns a case's journal.
func (b book) History(ctx context.Context, kase string, limit int) ([]cases.Line, error) {
	found, err := b.Book.History(ctx, kase, limit)
	if err != nil {
		return nil, err
	}
	out := make([]cases.Line, len(found))
	for i, e := range found {
		out[i] = cases.Line{At: e.At, By: e.By, Did: e.Did, What: e.What}
	}
	return out, nil
}

// caseLog reads the access log for a case.
type caseLog struct{ ledger *ledger.Ledger }

// caseKinds are the entries that belong into a case's history.
var caseKinds = []string{"look", "denial", "export", "hold", "release", "destroy"}

// mostEntries bounds how far back a case's entries are looked for: what a case
// is for stands sealed in each entry, so each has to be opened.
const mostEntries = 50_000

// ForCase returns what the access log holds for a case since it was opened,
// newest first.
func (l caseLog) ForCase(ctx context.Context, kase string, since time.Time) ([]cases.Logged, error) {
	out, before := []cases.Logged{}, uint64(0)
	for range mostEntries / 10_000 {
		page, err := l.ledger.Entries(ctx, ledger.Query{Kinds: caseKinds, Span: shouwang.Span{From: since}, Before: before, Limit: 10_000})
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if e.Case == kase {
				out = append(out, cases.Logged{Index: e.Index, Entry: e.Entry})
			}
		}
		if len(page) < 10_000 {
			break
		}
		before = page[len(page)-1].Index
	}
	return out, nil
}

// kept tells what has become of recordings.
type kept struct{ index }

// Kept returns the state of a stretch's keys and when the first of it goes.
func (k kept) Kept(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (cases.Kept, error) {
	segments, err := k.catalog.Segments(ctx, camera, "", span)
	if err != nil {
		return cases.Kept{}, err
	}
	out := cases.Kept{Keys: policy.KeyShredded}
	for i := range segments {
		s := &segments[i]
		if s.State == storage.SegmentErased {
			continue
		}
		out.Keys = policy.KeyLive
		if !s.Expires.IsZero() && (out.Until.IsZero() || s.Expires.Before(out.Until)) {
			out.Until = s.Expires
		}
	}
	return out, nil
}
