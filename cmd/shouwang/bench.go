package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"shouwang/cmd/internal/bench"
)

type benchCmd struct {
	Speed    benchSpeedCmd    `cmd:"" default:"withargs" help:"Cameras a core, memory, latency, beside what others do."`
	Thousand benchThousandCmd `cmd:"" help:"The whole service with a thousand cameras, then with two thousand."`
	Whole    benchWholeCmd    `cmd:"" help:"What a camera costs the whole service, over RTSP, on a quiet machine."`
	Play     benchPlayCmd     `cmd:"" hidden:"" help:"Cameras in a process of their own."`
}

type benchSpeedCmd struct {
	Only   string `help:"Streams whose name contains this."`
	All    bool   `help:"Streams that have no goal too (H.265 at 720p and 1080p)."`
	Binary string `help:"Path of shouwang-analyzer." type:"path"`
	// Receive is for working on receiving, Looks for working on looking: rounds.
	Receive bool   `hidden:""`
	Looks   int    `hidden:""`
	Profile string `hidden:"" type:"path"`
}

func benchOptions(a app, binary string) (bench.Options, error) {
	self, err := os.Executable()
	if err != nil {
		return bench.Options{}, fmt.Errorf("find this program: %w", err)
	}
	say := func(line string) { fmt.Fprintln(a.err, "bench:", line) }
	return bench.Options{Self: self, Binary: binary, Cache: bench.Cache(), Out: a.out, Say: say}, nil
}

// Run measures this machine.
func (c benchSpeedCmd) Run(ctx context.Context, a app) error {
	o, err := benchOptions(a, c.Binary)
	if err != nil {
		return err
	}
	o.Only, o.All, o.Receive = c.Only, c.All, c.Receive
	if c.Looks > 0 {
		return bench.Looks(ctx, o, c.Looks, c.Profile)
	}
	return bench.Run(ctx, o)
}

type benchWholeCmd struct {
	Cameras int    `default:"300" help:"Cameras of 640x360 at 10 pictures a second; few enough that none is cut."`
	Policy  string `default:"presence" enum:"auto,full,track,presence" help:"How much is decoded; the goal is one of presence."`
	Binary  string `help:"Path of shouwang-analyzer." type:"path"`
	Profile string `help:"Folder to write CPU and heap profiles of the service to." type:"path"`
}

// Run measures the whole service.
func (c benchWholeCmd) Run(ctx context.Context, a app) error {
	o, err := benchOptions(a, c.Binary)
	if err != nil {
		return err
	}
	if c.Cameras < 1 || c.Cameras > 10_000 {
		return usage("bench whole: --cameras 1 to 10000")
	}
	return bench.Whole(ctx, o, bench.TheWhole{Cameras: c.Cameras, Policy: c.Policy, Profile: c.Profile})
}

type benchThousandCmd struct {
	Cameras int           `default:"1000" help:"Cameras of 640x360 at 10 pictures a second."`
	Then    int           `default:"0" help:"Cameras in a second part (0 for twice as many, the same for none)."`
	Minutes float64       `default:"10" help:"Length of the first part, after all cameras are live."`
	ThenFor float64       `name:"then-minutes" default:"0" help:"Length of the second part (0 for the same)."`
	Busy    float64       `default:"0.1" help:"Share of camera-time in which somebody walks, 0.1 to 0.8."`
	RTSP    bool          `name:"rtsp" help:"Cameras in another process, over RTSP on loopback; else in this one, without."`
	Workers int           `help:"Analyzer processes (0 for one a core)."`
	Every   time.Duration `default:"10s" help:"Distance of the lines printed."`
	Data    string        `help:"Folder for the service's data, removed before and after (default .cache/bench/fleet-data)." type:"path"`
	Binary  string        `help:"Path of shouwang-analyzer." type:"path"`
	Verbose bool          `help:"The service's warnings too."`
	Profile string        `help:"Folder to write CPU and heap profiles of each part to." type:"path"`
}

// Run runs the whole service with many cameras and judges it.
func (c benchThousandCmd) Run(ctx context.Context, a app) error {
	switch {
	case c.Cameras < 1 || c.Cameras > 50_000 || c.Then < 0 || c.Then > 100_000:
		return usage("bench thousand: --cameras 1 to 50000, --then up to 100000")
	case c.Minutes < 0.1 || c.ThenFor != 0 && c.ThenFor < 0.1 || c.Busy < 0 || c.Busy > 0.8 || c.Every < time.Second:
		return usage("bench thousand: --minutes and --then-minutes at least 0.1, --busy 0 to 0.8, --every at least 1s")
	}
	o, err := benchOptions(a, c.Binary)
	if err != nil {
		return err
	}
	f := bench.Fleet{
		Cameras: c.Cameras, Then: c.Then, For: time.Duration(c.Minutes * float64(time.Minute)), ThenFor: time.Duration(c.ThenFor * float64(time.Minute)), Busy: c.Busy,
		RTSP: c.RTSP, Workers: c.Workers, Data: c.Data, Every: c.Every, Profile: c.Profile,
	}
	if f.Then == 0 {
		f.Then = 2 * f.Cameras
	}
	if f.Data == "" {
		f.Data = bench.FleetData()
	}
	if c.Verbose {
		f.Verbose = io.Writer(a.err)
	}
	return bench.RunFleet(ctx, o, f)
}

type benchPlayCmd struct {
	Clip  string `arg:"" type:"path"`
	Count int    `default:"1"`
}

// Run plays cameras for the process that measures.
func (c benchPlayCmd) Run(ctx context.Context, a app) error {
	return bench.Play(ctx, c.Clip, c.Count, a.in, a.out)
}
