// Command shouwang-demo is what `make demo` runs: a seeded township with real
// RTSP cameras, in front of the real service. Ctrl-C stops everything.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"shouwang/cmd/internal/demo"
)

func main() {
	var o demo.Options
	flag.StringVar(&o.Data, "data", ".demo", "folder of the demo's data; it is made anew at each start")
	flag.StringVar(&o.Cache, "cache", ".cache/demo", "folder that keeps the encoded clips")
	flag.StringVar(&o.Videos, "videos", os.Getenv("VIDEOS"), "folder with clips to play")
	flag.StringVar(&o.HTTP, "http", "127.0.0.1:8080", "address of the pages")
	flag.StringVar(&o.RTSP, "rtsp", "127.0.0.1:8554", "address that cameras push to")
	flag.StringVar(&o.Media, "media", "127.0.0.1:8189", "address of live video (UDP and TCP)")
	flag.StringVar(&o.Model, "model", there("../shared/models/yolox_nano.onnx"), "network that names moving things; none names nothing")
	verbose := flag.Bool("v", false, "show the service's log")
	flag.Parse()
	exe, err := os.Executable()
	if err == nil {
		o.Service = filepath.Join(filepath.Dir(exe), "shouwang")
		level := slog.LevelError
		if *verbose {
			level = slog.LevelInfo
		}
		o.Log, o.LogLevel, o.Out = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), level, os.Stdout
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		err = demo.Run(ctx, o)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// there is the path if something is at it, else "".
func there(path string) string {
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}
