package look

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/front"
)

// Gate answers for a look that will happen.
type Gate interface {
	Look(req policy.Request) (policy.Decision, gate.Grant)
}

// Cameras tells a camera's own masks.
type Cameras interface {
	Camera(id shouwang.CameraID) (shouwang.Camera, bool)
}

// Bus tells the owner's page that a look began.
type Bus interface {
	Publish(ctx context.Context, topic shouwang.Topic, body any) (id string, err error)
}

// Metrics count looks, denials and bytes, each by action.
type Metrics struct {
	Looks, Denials, BytesOut *prometheus.CounterVec
}

// Sealed reports whether the owner is not to be told yet of a look that is
// durable under the number given: an approver has put the notice off.
type Sealed func(ctx context.Context, entry policy.Entry, index uint64) bool

// Deps are what looks are joined to; all are needed except Sealed, without
// which no notice is put off.
type Deps struct {
	Sealed    Sealed
	Gate      Gate
	Audit     policy.Auditor
	Cameras   Cameras
	Bus       Bus
	CanRender func() bool // whether something runs that can mask and mark
	Metrics   Metrics
}

// Looks decides and logs looks.
type Looks struct {
	front   *front.Front
	deps    Deps
	journal *journal
	// supervised says that an officer sits beside whoever is shown the picture.
	supervised bool
	clear      []shouwang.TrackPoint // where the person beside them is
}

// Supervised returns the same way to a picture for looks that an officer, who
// is the caller, shows to somebody beside them, whom they marked where the boxes
// are: there, and nowhere else, one is not pixelated.
func (s *Looks) Supervised(clear []shouwang.TrackPoint) *Looks {
	beside := *s
	beside.supervised, beside.clear = true, clear
	return &beside
}

// New joins looks to the kernel and their neighbours.
func New(f *front.Front, deps Deps) *Looks {
	return &Looks{front: f, deps: deps, journal: newJournal()}
}
