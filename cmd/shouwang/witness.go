package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"shouwang"
	"shouwang/storage/ledger/witness"
)

type witnessCmd struct {
	LogKey []string `name:"log-key" required:"" help:"Public key of a log to watch, as the service shows it at /api/log/key; once for each log."`
	Listen string   `default:"127.0.0.1:8090" help:"Address to answer on; put a TLS proxy before it on the public side."`
	Data   string   `default:"shouwang-witness" type:"path" help:"Folder of the witness's key and memory. Never restore it from an old copy."`
	Name   string   `help:"Who the witness is, such as oversight.example.cn/witness; needed at the first start."`
}

// Run cosigns checkpoints until it is interrupted.
func (c witnessCmd) Run(ctx context.Context, a app) (err error) {
	log := slog.New(slog.NewTextHandler(a.err, nil))
	w, err := witness.Open(witness.Config{Dir: c.Data, Name: c.Name, Logs: c.LogKey, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return shouwang.Errorf(shouwang.CodePortInUse, "listen on %s: %w; choose another address with --listen", c.Listen, err)
	}
	fmt.Fprintf(a.out, "witness %s\nkey %s\nlistening on http://%s\n", w.Name(), w.Key(), listener.Addr())
	server := &http.Server{
		Handler: w, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err = server.Shutdown(closing)
	<-failed
	return err
}
