package web

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"shouwang"
)

// hear listens for changes of consent from other processes, whose gates this
// process's gate does not hear, until ctx ends. When something was missed or
// the bus was away, everything is judged anew.
func (s *Server) hear(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.hearOnce(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("read changes of consent", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (s *Server) hearOnce(ctx context.Context) error {
	reader, err := s.deps.Bus.Read(ctx, []shouwang.Topic{shouwang.TopicConsent}, "")
	if err != nil {
		return err
	}
	defer reader.Close()
	s.tickets.change("")
	for {
		m, err := reader.Next(ctx)
		if errors.Is(err, shouwang.ErrMissed) {
			s.changed("")
			continue
		}
		if err != nil {
			return err
		}
		var change shouwang.ConsentChange
		if json.Unmarshal(m.Body, &change) != nil {
			change.Camera = "" // unreadable: everything may have changed
		}
		s.changed(change.Camera)
	}
}
