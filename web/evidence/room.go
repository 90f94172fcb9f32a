package evidence

import (
	"context"
	"net/http"
	"runtime"
	"sync"
	"time"

	"shouwang"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Room serves searches and plays. Make it with New, put it on a server with
// Register, and let Run go as long as the server does.
type Room struct {
	deps  Deps
	front *front.Front
	looks *look.Looks

	turns  chan struct{} // renderings of pieces at a time: live goes first
	judged chan struct{} // asks Run to judge plays anew

	mu     sync.Mutex
	plays  map[string]*play
	stale  map[shouwang.CameraID]bool // to be judged anew; "" for all
	ends   sync.WaitGroup             // ends of looks being logged
	closed bool
}

// New returns a room over its neighbours.
func New(deps Deps) *Room {
	return &Room{
		deps: deps, turns: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))), judged: make(chan struct{}, 1),
		plays: map[string]*play{}, stale: map[shouwang.CameraID]bool{},
	}
}

// Register puts the room's operations on the kernel; it is for web.Deps.Rooms.
func (r *Room) Register(f *front.Front, looks *look.Looks) {
	r.front, r.looks = f, looks
	post := func(id, path, summary string) front.Op {
		return front.Op{ID: id, Method: http.MethodPost, Path: path, Tag: "evidence", Summary: summary}
	}
	front.Route(f, post("searchEvidence", "/api/evidence/search", "Events that match, and what was not searched and why"), front.Officers, r.search)
	front.Route(f, post("foreseePlay", "/api/evidence/foresee", "What playing a stretch of several cameras would answer, log and tell whom"), front.Officers, r.foresee)
	open := post("openPlay", "/api/evidence/plays", "Begin to look at one stretch of several cameras; each allowed camera is one look")
	open.Picture = true
	front.Route(f, open, front.SignedIn, r.open)
	front.Route(f, front.Op{
		ID: "playPiece", Method: http.MethodGet, Path: "/api/evidence/plays/{id}/{camera}/{piece}", Tag: "evidence",
		Summary: "One piece of a camera's pictures as fragmented MP4, timed from the play's begin", Media: "video/mp4", Picture: true,
	}, front.SignedIn, r.piece)
	front.Route(f, front.Op{
		ID: "playStill", Method: http.MethodGet, Path: "/api/evidence/plays/{id}/{camera}/still", Tag: "evidence",
		Summary: "The key picture of a camera nearest to a moment, as fragmented MP4 of one picture", Media: "video/mp4", Picture: true,
	}, front.SignedIn, r.picture)
	front.Route(f, front.Op{
		ID: "endPlay", Method: http.MethodDelete, Path: "/api/evidence/plays/{id}", Tag: "evidence", Summary: "End a play and its looks",
		Status: http.StatusNoContent,
	}, front.SignedIn, r.end)
}

const (
	// checkEvery is how often every play is judged anew without being told.
	checkEvery = 15 * time.Second
	// idlePlay is how long after its last piece a play counts as over, and
	// idleRun how long a rendering waits for the next piece to be asked for.
	idlePlay = 2 * time.Minute
	idleRun  = 20 * time.Second
)

// Run judges and sweeps plays until ctx ends, then ends them all and waits
// until their ends are logged.
func (r *Room) Run(ctx context.Context) {
	unhook := r.deps.Gate.OnChange(r.changed)
	defer unhook()
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	sweep := time.NewTicker(idleRun / 4)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			r.close()
			return
		case <-r.judged:
		case <-sweep.C:
			r.sweep()
			continue
		case <-tick.C:
			r.changed("")
		}
		r.judge(ctx)
	}
}

// changed is told by the gate that a camera ("" for all) is to be judged anew;
// it never blocks.
func (r *Room) changed(camera shouwang.CameraID) {
	r.mu.Lock()
	r.stale[camera] = true
	r.mu.Unlock()
	select {
	case r.judged <- struct{}{}:
	default:
	}
}

func (r *Room) close() {
	r.mu.Lock()
	r.closed = true
	plays := r.list()
	r.mu.Unlock()
	for _, p := range plays {
		r.drop(p, "shutdown")
	}
	r.ends.Wait()
}

// list returns the plays; call with mu held.
func (r *Room) list() []*play {
	out := make([]*play, 0, len(r.plays))
	for _, p := range r.plays {
		out = append(out, p)
	}
	return out
}
