package service

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"shouwang/analyze/load"
	"shouwang/analyze/pool"
)

// keep is the part of the machine that is planned for nobody.
const keep = 0.1

// room divides among the analyzers what the service itself leaves of the
// machine: receiving and recording come first, and so do pictures that somebody
// looks at.
type room struct {
	own   time.Duration // CPU time of this process, when last looked at
	takes float64       // cores that it takes, over about ten seconds
	begun bool
}

// workers returns what the governor is told of each analyzer.
func (r *room) workers(st []pool.WorkerStats, dt time.Duration) map[int]load.Worker {
	r.look(ownTime(), dt)
	analyzers := 0
	for i := range st {
		if !st[i].Probe {
			analyzers++
		}
	}
	each := 0.0
	if analyzers > 0 {
		each = (float64(runtime.GOMAXPROCS(0))*(1-keep) - r.takes) / float64(analyzers)
	}
	out := make(map[int]load.Worker, len(st))
	for i := range st {
		out[i] = load.Worker{Backlog: st[i].Backlog, Share: max(0.05, each-st[i].Rendering)}
	}
	return out
}

// look notes what this process took in the last dt.
func (r *room) look(own, dt time.Duration) {
	if r.begun && dt > 0 {
		r.takes += (float64(own-r.own)/float64(dt) - r.takes) * min(1, dt.Seconds()/10)
	}
	r.own, r.begun = own, true
}

// ownTime is the CPU time that this process has used.
func ownTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
