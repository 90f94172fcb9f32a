package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/cascade"
	"shouwang/analyze/event/rules"
	"shouwang/analyze/pool"
	"shouwang/cmd/internal/pipeline"
	"shouwang/ingest/file"
)

type analyzeCmd struct {
	Input      string `arg:"" help:"Video file or rtsp:// address."`
	JSON       bool   `name:"json" help:"JSON Lines."`
	Rules      string `help:"Rules of the camera (zones, lines), a JSON file." type:"path"`
	EveryFrame bool   `help:"Print every observation, too, with the mask of what moves as run lengths (mask_rle)."`
	Model      string `help:"Model file of the classifier." type:"path"`
	Runtime    string `name:"onnxruntime" help:"Library of ONNX Runtime; by default where it is usually found." type:"path"`
	Realtime   bool   `help:"At the clip's own pace."`
	Policy     string `default:"auto" enum:"auto,full,track,presence" help:"How much is decoded."`
	Binary     string `help:"Path of shouwang-analyzer." type:"path"`
}

// Run looks at the input with the pipeline that serves cameras.
func (c analyzeCmd) Run(ctx context.Context, a app) error {
	if _, err := os.Stat(c.Model); c.Model != "" && err != nil {
		return usage("--model: %w; name an ONNX file, or leave it out: motion and rules work without", err)
	}
	list, err := c.rules()
	if err != nil {
		return err
	}
	p, err := pool.New(ctx, pool.Config{Workers: 1, Binary: c.Binary, Model: c.Model, ModelNeeded: true, Runtime: c.Runtime, Logger: quietLog(a.err)})
	if err != nil {
		return err
	}
	defer p.Close()
	units, done, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	defer done()
	start := &firstUnit{Units: units}
	cfg := pipeline.Config{Cascade: cascade.Config{Policy: policyOf(c.Policy)}, Rules: list}
	var observed func(*analyze.Observation)
	if c.EveryFrame {
		cfg.Pool.Mask = c.JSON
		observed = func(o *analyze.Observation) { _ = jsonLine(a.out, observation(o, start.pts)) }
	}
	r, err := pipeline.Run(ctx, p, start, cfg, observed)
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return c.print(a, start, r)
}

// rules reads the rules file, if there is one.
func (c analyzeCmd) rules() ([]rules.Rule, error) {
	if c.Rules == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(c.Rules)
	if err != nil {
		return nil, usage("rules %s cannot be read: %w", c.Rules, err)
	}
	return rules.Parse(raw)
}

func policyOf(name string) cascade.Policy {
	if name == "auto" {
		return cascade.Auto
	}
	return cascade.Policy(name)
}

// open returns the input's access units.
func (c analyzeCmd) open(ctx context.Context, a app) (pipeline.Units, func(), error) {
	if strings.Contains(c.Input, "://") {
		return openStream(ctx, c.Input)
	}
	bar := newProgress(a.err, "converting")
	r, err := file.Open(ctx, c.Input, file.Options{Realtime: c.Realtime, Progress: bar.show})
	bar.clear()
	if err != nil {
		return nil, nil, err
	}
	return r, r.Close, nil
}

// firstUnit notes where the run begins: times are told from there.
type firstUnit struct {
	pipeline.Units
	seen bool
	wall time.Time
	pts  shouwang.MediaTime
}

// Next returns the next unit.
func (f *firstUnit) Next(ctx context.Context) (*shouwang.AccessUnit, error) {
	au, err := f.Units.Next(ctx)
	if err == nil && !f.seen {
		f.seen, f.wall, f.pts = true, au.Wall.At, au.PTS
	}
	if errors.Is(err, context.Canceled) {
		return nil, io.EOF // an interrupted stream is a run that ended
	}
	return au, err
}

type eventLine struct {
	Type       string       `json:"type"`
	ID         string       `json:"id"`
	Kind       string       `json:"kind"`
	StartMS    int64        `json:"start_ms"`
	EndMS      int64        `json:"end_ms"`
	Score      float64      `json:"score"`
	PeakMS     int64        `json:"peak_ms"`
	Box        shouwang.Box `json:"box"`
	Track      [][5]float64 `json:"track"`
	Label      string       `json:"label"`
	LabelScore float64      `json:"label_score"`
	Rule       string       `json:"rule"`
	Zone       string       `json:"zone"`
	// Things is how many moved together; Others are the tracks of the rest.
	Things int            `json:"things,omitempty"`
	Others [][][5]float64 `json:"others,omitempty"`
}

func (f *firstUnit) line(e *shouwang.Event) eventLine {
	ms := func(t time.Time) int64 { return t.Sub(f.wall).Milliseconds() }
	l := eventLine{
		Type: "event", ID: string(e.ID), Kind: string(e.Kind), StartMS: ms(e.Start), EndMS: ms(e.End), Score: round(e.Score, 3),
		PeakMS: ms(e.Peak), Box: roundBox(e.Box), Label: e.Label, LabelScore: e.LabelScore, Rule: e.Rule, Zone: e.Zone,
	}
	points := func(list []shouwang.TrackPoint) [][5]float64 {
		out := [][5]float64{}
		for _, t := range list {
			b := roundBox(t.Box)
			out = append(out, [5]float64{float64(ms(t.At)), b[0], b[1], b[2], b[3]})
		}
		return out
	}
	l.Track, l.Things = points(e.Track), e.Things
	for _, o := range e.Others {
		l.Others = append(l.Others, points(o))
	}
	return l
}

func observation(o *analyze.Observation, from shouwang.MediaTime) map[string]any {
	regions := make([]shouwang.Box, len(o.Regions))
	for i, r := range o.Regions {
		regions[i] = roundBox(r.Box)
	}
	line := map[string]any{
		"type": "observation", "ms": (o.PTS - from).Duration().Milliseconds(), "decoded": o.Decoded, "regions": regions,
	}
	if o.Mask != nil {
		line["mask_rle"] = o.Mask.String()
	}
	return line
}

func roundBox(b shouwang.Box) shouwang.Box {
	for i := range b {
		b[i] = round(b[i], 4)
	}
	return b
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

func (c analyzeCmd) print(a app, start *firstUnit, r pipeline.Result) error {
	if !c.JSON {
		for i := range r.Events {
			l := start.line(&r.Events[i])
			fmt.Fprintf(a.out, "%8.1f s - %8.1f s  %-8s score %.2f  at x %.2f y %.2f w %.2f h %.2f  %s\n",
				float64(l.StartMS)/1000, float64(l.EndMS)/1000, l.Kind, l.Score, l.Box[0], l.Box[1], l.Box[2], l.Box[3], l.Label)
		}
		_, err := fmt.Fprintf(a.out, "%d events in %s of video; %d pictures, %d decoded; %s of CPU; %s (%s)\n", len(r.Events), r.Video.Round(time.Millisecond),
			r.Cascade.Units, r.Session.Decoded, r.CPU.Round(time.Millisecond), r.Cascade.Policy, r.Cascade.Reason)
		return err
	}
	for i := range r.Events {
		if err := jsonLine(a.out, start.line(&r.Events[i])); err != nil {
			return err
		}
	}
	ms := func(d time.Duration) float64 { return round(float64(d.Microseconds())/1000, 1) }
	rest := max(0, r.CPU-r.Decode-r.Pixels-r.Tracks-r.Classify)
	return jsonLine(a.out, map[string]any{
		"type": "summary", "video_ms": r.Video.Milliseconds(), "access_units": r.Cascade.Units, "decoded": r.Session.Decoded,
		"woken": r.Cascade.Woken, "cpu_ms": ms(r.CPU), "policy": r.Cascade.Policy, "reason": r.Cascade.Reason,
		"stages":         map[string]float64{"gate_ms": ms(rest), "decode_ms": ms(r.Decode), "pixels_ms": ms(r.Pixels), "tracks_ms": ms(r.Tracks), "classify_ms": ms(r.Classify)},
		"peak_rss_bytes": r.PeakRSS,
	})
}

func quietLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// progress is a bar on standard error, only where that is a terminal.
type progress struct {
	w    io.Writer
	what string
	on   bool
}

func newProgress(w io.Writer, what string) *progress {
	f, ok := w.(*os.File)
	if ok {
		info, err := f.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &progress{w: w, what: what, on: ok}
}

func (p *progress) show(done float64) {
	if p.on {
		full := int(max(0, min(1, done)) * 40)
		fmt.Fprintf(p.w, "\r%s [%s%s] %3.0f %%", p.what, strings.Repeat("#", full), strings.Repeat(".", 40-full), done*100)
	}
}

func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
