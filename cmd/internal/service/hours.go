package service

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"time"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/load"
	"shouwang/cmd/internal/pipeline"
)

// hours follows attention.json of the data folder: which cameras are looked at
// how closely, at which hours. A file that cannot be read as that is reported
// once and what was before stays in force.
type hours struct {
	file     string
	schedule load.Schedule
	read     time.Time // the file's time when last read
	looked   time.Time
}

const hoursEvery = 5 * time.Second

// follow reads the file again if it changed.
func (h *hours) follow(now time.Time, log *slog.Logger) {
	if now.Sub(h.looked) < hoursEvery && !now.Before(h.looked) {
		return
	}
	h.looked = now
	info, err := os.Stat(h.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !h.read.IsZero() {
			h.schedule, h.read = nil, time.Time{}
			log.Info("hours of attention removed")
		}
		return
	case err != nil || info.ModTime().Equal(h.read):
		return
	}
	h.read = info.ModTime()
	raw, err := os.ReadFile(h.file)
	var next load.Schedule
	if err == nil {
		next, err = load.ParseSchedule(raw)
	}
	if err != nil {
		log.Error("hours of attention cannot be used; those before stay in force", "file", h.file, "error", err)
		return
	}
	h.schedule = next
	log.Info("hours of attention in force", "entries", len(next))
}

// audit sends a small rotating share of the cameras to be decoded fully, so
// that what the cascade misses is a number and not a guess. It does so only
// while nothing is cut and there is time to spare.
type audit struct {
	under map[shouwang.CameraID]*pipeline.Pipeline
	until time.Time
	owed  float64           // cameras
	after shouwang.CameraID // the last one that had its turn
}

const (
	auditFor   = 2 * time.Minute
	auditShare = 0.01 // of the cameras, on average
	auditBelow = 0.6  // of a core that an analyzer's cameras want
)

// turn ends audits that are over or in the way, and begins the next.
func (a *audit) turn(now time.Time, g *load.Governor, demands []load.Demand, pipes map[shouwang.CameraID]*pipeline.Pipeline) {
	room := true
	for _, s := range g.States() {
		room = room && math.IsInf(s.Budget, 1) && s.Wanted < auditBelow
	}
	if room && now.Before(a.until) {
		return
	}
	for _, p := range a.under {
		p.Cascade().Audit(false)
	}
	a.under = nil
	if !room || len(demands) == 0 {
		return
	}
	a.until = now.Add(auditFor)
	a.owed += auditShare * float64(len(demands))
	a.begin(demands, pipes)
}

func (a *audit) begin(demands []load.Demand, pipes map[shouwang.CameraID]*pipeline.Pipeline) {
	slices.SortFunc(demands, func(x, y load.Demand) int { return cmp.Compare(x.Camera, y.Camera) })
	from, _ := slices.BinarySearchFunc(demands, a.after, func(d load.Demand, id shouwang.CameraID) int { return cmp.Compare(d.Camera, id) })
	a.under = map[shouwang.CameraID]*pipeline.Pipeline{}
	last := a.after
	for i := range demands {
		d := &demands[(from+i)%len(demands)]
		if a.owed < 1 {
			break
		}
		if d.Camera == a.after || d.GOP == 0 || pipes[d.Camera].Cascade().Policy() != cascade.Track {
			continue
		}
		pipes[d.Camera].Cascade().Audit(true)
		a.under[d.Camera], last = pipes[d.Camera], d.Camera
		a.owed--
	}
	a.after = last
}
