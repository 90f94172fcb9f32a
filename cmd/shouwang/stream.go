package main

import (
	"context"
	"time"

	"shouwang"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest"
)

// openStream connects to a camera for the command line: whoever types the
// address answers for it, so any network may be dialled.
func openStream(ctx context.Context, address string) (pipeline.Units, func(), error) {
	cfg := ingest.DefaultConfig()
	cfg.Push = ""
	cfg.Allow = everywhere
	m, err := ingest.New(cfg, ingest.Deps{})
	if err != nil {
		return nil, nil, err
	}
	cam := shouwang.Camera{ID: "stream", Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: address}}}
	if err := m.Start(cam); err != nil {
		m.Close()
		return nil, nil, err
	}
	hub, _ := m.Hub(cam.ID, shouwang.StreamMain)
	reader := hub.Subscribe(ingest.ReaderConfig{Name: "analyze"})
	wait, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	first, err := reader.Next(wait)
	if err != nil {
		defer m.Close()
		for _, st := range m.Status() {
			if st.Detail != "" {
				return nil, nil, shouwang.Errorf(st.Code, "%s", st.Detail)
			}
		}
		return nil, nil, shouwang.Errorf(shouwang.CodeUnreachable, "nothing arrives from %s within 15 s", shouwang.RedactURL(address))
	}
	return &streamUnits{first, reader}, func() { reader.Close(); m.Close() }, nil
}

type streamUnits struct {
	first  *shouwang.AccessUnit
	reader *ingest.Reader
}

// Next returns the next unit.
func (s *streamUnits) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	if u := s.first; u != nil {
		s.first = nil
		return u, nil
	}
	return s.reader.Next(ctx)
}
