package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/ledger"
)

// recallLooks counts the present day's looks that were made before this process
// began, so that a restart gives nobody an owner's looks a day once more.
func (s *Service) recallLooks(ctx context.Context) error {
	now := s.clock()
	day := now.In(s.node.gate.World().Zone())
	begin := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location())
	const page = 1000
	query := ledger.Query{Kinds: []string{"look", "export"}, Span: shouwang.Span{From: begin, To: now.Add(time.Minute)}, Limit: page}
	var looks []policy.Entry
	for {
		found, err := s.ledger.Entries(ctx, query)
		if err != nil {
			return fmt.Errorf("count today's looks: %w", err)
		}
		for _, e := range found {
			looks = append(looks, e.Entry)
			query.Before = e.Index
		}
		if len(found) < page || query.Before == 0 {
			break
		}
	}
	slices.Reverse(looks) // the log answers newest first
	s.node.gate.Recall(looks)
	return nil
}
