package mine

import (
	"context"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Receipt is what a resident holds after a change: what was changed, what was
// erased and what a hold keeps.
type Receipt struct {
	ID          string    `json:"id"`
	At          time.Time `json:"at"`
	Camera      string    `json:"camera"`
	Consent     string    `json:"consent"` // "c-17@4"
	State       string    `json:"state"`
	RecordHash  string    `json:"record_hash,omitempty"`
	KeysGone    int       `json:"keys_destroyed"`
	ErasedBytes int64     `json:"erased_bytes"`
	ErasedClips int       `json:"erased_clips"`
	Held        []HeldBy  `json:"held,omitempty"`
	LogIndex    *int64    `json:"log_index,omitempty" doc:"Place of the destruction's entry in the access log"`
	Signed      string    `json:"signed,omitempty" doc:"The receipt as a signed note; GET /api/papers/key verifies it without this service"`
}

// HeldBy is a stretch of footage that outlives a withdrawal, and why.
type HeldBy struct {
	Case   string    `json:"case"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// Consents keeps the consent records. Append stores one more version, which
// must follow the version it was made from (CodeConflict otherwise), tells the
// gate, and carries out what the new state means: stopping, erasing. It
// returns when the erasure is done or can no longer be undone.
type Consents interface {
	Append(ctx context.Context, next *policy.Consent) (Receipt, error)
	// Erasable returns what a withdrawal now would erase.
	Erasable(ctx context.Context, camera shouwang.CameraID) (clips int, bytes int64, err error)
	Receipt(ctx context.Context, id string) (Receipt, error)
}

// Gate says whether somebody manages a camera's consents.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Known tells what is known of a camera beside consent: the areas covered.
type Known interface {
	Camera(id shouwang.CameraID) (shouwang.Camera, bool)
}

// Bus tells the other processes that a consent changed.
type Bus interface {
	Publish(ctx context.Context, topic shouwang.Topic, body any) (id string, err error)
}

// Deps are the room's neighbours.
type Deps struct {
	Gate     Gate
	Cameras  *cameras.Room
	Known    Known
	Consents Consents
	Bus      Bus
	// Viewers counts the live views of a camera that rest on its being shared;
	// Changed has every look at it judged anew in this process.
	Viewers func(cam *policy.Camera) int
	Changed func(camera shouwang.CameraID)
}

type room struct {
	*front.Front
	looks *look.Looks
	Deps
}

// Register puts the room's routes on the kernel.
func Register(f *front.Front, looks *look.Looks, deps Deps) {
	r := &room{f, looks, deps}
	r.routes()
}
