// Package health is the room of whoever keeps the service running: how each
// part does in figures with units, and what is wrong together with what to do
// about it. It never shows a picture, a camera's address or a credential.
package health

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Level says how soon somebody should act.
type Level string

// The levels of a trouble.
const (
	Bad  Level = "bad"  // something is lost, denied or unprotected now
	Warn Level = "warn" // it will be, if nobody acts
)

// Trouble is one thing that is wrong. Code is stable: the page has words for it
// that say what to do.
type Trouble struct {
	Code    string    `json:"code"`
	Level   Level     `json:"level" enum:"bad,warn"`
	Subject string    `json:"subject,omitempty" doc:"What it is about: a camera's or witness's name"`
	Count   int       `json:"count,omitempty" doc:"How many, where several are meant"`
	Since   time.Time `json:"since,omitzero"`
}

// The codes of troubles.
const (
	DiskLow         = "disk_low"
	DiskFull        = "disk_full"
	BucketAway      = "bucket_away"
	LogFailing      = "log_failing"
	NoQuorum        = "witnesses_too_few"
	WitnessAway     = "witness_away"
	WitnessRefuses  = "witness_refuses"
	KeysAway        = "keys_away"
	Shedding        = "shedding"
	CameraBarred    = "camera_barred"
	ViewDrifted     = "view_drifted"
	ViewWaiting     = "view_waiting"
	CamerasOffline  = "cameras_offline"
	EventsLost      = "events_lost"
	AnalyzersCrash  = "analyzers_crash"
	FactsUnreadable = "facts_unreadable"
	NoticesWaiting  = "notices_waiting"
	NoticesLost     = "notices_lost"
)

// Codes are all of them.
var Codes = []string{
	DiskLow, DiskFull, BucketAway, LogFailing, NoQuorum, WitnessAway, WitnessRefuses, KeysAway, Shedding, CameraBarred, ViewDrifted,
	CamerasOffline, EventsLost, AnalyzersCrash, FactsUnreadable, NoticesWaiting, NoticesLost,
}

// DiskFacts is the file system that recordings wait on.
type DiskFacts struct {
	Free    int64 `json:"free_bytes"`
	Total   int64 `json:"total_bytes"`
	Reserve int64 `json:"reserve_bytes" doc:"Kept free: below it the oldest recordings go, then nothing more is recorded"`
	Spool   int64 `json:"spool_bytes" doc:"Most that may wait for the object store"`
}

// StorageFacts is where recordings are kept.
type StorageFacts struct {
	Kind    string    `json:"kind" enum:"folder,s3"`
	Where   string    `json:"where,omitempty" doc:"The bucket's name"`
	Bytes   int64     `json:"bytes" doc:"Recordings kept"`
	Waiting int64     `json:"waiting_bytes" doc:"Of those, not yet in the object store"`
	Away    string    `json:"away,omitempty" doc:"Why the object store does not take them now"`
	Disk    DiskFacts `json:"disk"`
}

// KeyFacts is how the keys of recordings do.
type KeyFacts struct {
	Kind string `json:"kind" enum:"file,transit"`
	Live int    `json:"live" doc:"Keys that open something now; each is for half an hour of one camera"`
	Away string `json:"away,omitempty"`
}

// WitnessFacts is an outside body that cosigns the access log.
type WitnessFacts struct {
	Name    string    `json:"name"`
	At      time.Time `json:"at,omitzero" doc:"When it last cosigned"`
	Away    bool      `json:"away"`
	Since   time.Time `json:"since,omitzero"`
	Refuses bool      `json:"refuses"`
}

// LogFacts is how the access log does.
type LogFacts struct {
	Size      uint64         `json:"size" doc:"Entries"`
	Cosigned  uint64         `json:"cosigned" doc:"Entries that enough witnesses have cosigned"`
	Quorum    int            `json:"quorum"`
	Witnesses []WitnessFacts `json:"witnesses"`
	Failing   string         `json:"failing,omitempty" doc:"Why it takes no entries, so that nothing is shown"`
}

// ShedStep is how many cameras are looked at less closely for want of CPU time.
type ShedStep struct {
	Step    string `json:"step" enum:"none,audit,presence,sparse,rare"`
	Cameras int    `json:"cameras"`
}

// WorkerFacts is one analyzer process.
type WorkerFacts struct {
	Streams  int     `json:"streams"`
	Busy     float64 `json:"busy" doc:"Share of a core, 0 to 1"`
	Late     float64 `json:"late_s" doc:"CPU time of what waits for it, seconds"`
	Resident int64   `json:"resident_bytes"`
	Restarts uint64  `json:"restarts"`
}

// AnalysisFacts is how the looking does.
type AnalysisFacts struct {
	Streams    int           `json:"streams"`
	Renderings int           `json:"renderings"`
	Steps      []ShedStep    `json:"steps"`
	Workers    []WorkerFacts `json:"workers"`
	Deaths     uint64        `json:"deaths" doc:"Analyzers that ended by themselves since the start"`
	Dropped    uint64        `json:"dropped" doc:"Pictures passed over because an analyzer was behind"`
	Classifier string        `json:"classifier,omitempty"`
}

// QueueFacts is something that waits.
type QueueFacts struct {
	Name    string `json:"name" doc:"events, analysis, or to_ and the name of who reads the streams"`
	Waiting int    `json:"waiting"`
	Lost    uint64 `json:"lost" doc:"Had to be passed over since the start"`
}

// BarredCamera is a camera that is shut out of analysis because its stream kills
// analyzers. It is recorded all the same.
type BarredCamera struct {
	Camera shouwang.CameraID `json:"camera"`
	Name   string            `json:"name,omitempty"`
	Since  time.Time         `json:"since"`
	Until  time.Time         `json:"until" doc:"It is let in again by itself"`
	Reason string            `json:"reason" doc:"How the analyzer died"`
}

// NoticeFacts is how notices to people do, by mail and webhook.
type NoticeFacts struct {
	Waiting int       `json:"waiting"`
	Oldest  time.Time `json:"oldest,omitzero" doc:"Of those that wait"`
	Late    bool      `json:"late" doc:"The oldest has waited for more than an hour"`
	Lost    int       `json:"lost" doc:"Given up within the last three days"`

	Ways    []NoticeWay  `json:"ways" doc:"Those that are set up"`
	GivenUp []LostNotice `json:"given_up" doc:"Within the last three days, the newest first, at most 20"`
}

// NoticeWay is how one way out of the house does. Its words name no address.
type NoticeWay struct {
	Way     string    `json:"way" enum:"mail,webhook"`
	Waiting int       `json:"waiting"`
	Sent    time.Time `json:"sent,omitzero" doc:"When something was last taken"`
	Failing time.Time `json:"failing,omitzero" doc:"Since when nothing is"`
	Why     string    `json:"why,omitempty" doc:"What the other side says"`
}

// LostNotice is a notice that was given up: to whom is not told.
type LostNotice struct {
	At    time.Time `json:"at"`
	Way   string    `json:"way" enum:"mail,webhook"`
	Kind  string    `json:"kind" doc:"looks, renew, view, withdrawn, code or trouble"`
	Tries int       `json:"tries"`
	Why   string    `json:"why"`
}

// SystemFacts are what the parts report.
type SystemFacts struct {
	Began    time.Time      `json:"began"`
	Storage  StorageFacts   `json:"storage"`
	Keys     KeyFacts       `json:"keys"`
	Log      LogFacts       `json:"log"`
	Analysis AnalysisFacts  `json:"analysis"`
	Queues   []QueueFacts   `json:"queues"`
	Barred   []BarredCamera `json:"barred"`
	// History is the memory that holds pictures for pre-roll.
	History int64 `json:"history_bytes"`
	// Offline are streams that should be there and are not, by camera.
	Offline int         `json:"cameras_offline"`
	Notices NoticeFacts `json:"notices"`
}

// Source is the running service.
type Source interface {
	// Facts gathers what is known now; it never waits for a neighbour for long.
	// Its error says which part could not be asked; the facts stand all the same.
	Facts(ctx context.Context) (SystemFacts, error)
	// Release lets a barred camera in again; CodeNotFound when it is not barred.
	Release(ctx context.Context, camera shouwang.CameraID) error
	// SendNotices has what waits tried at once.
	SendNotices(ctx context.Context) error
}

// Deps are the room's neighbours.
type Deps struct{ Source Source }

type room struct {
	*front.Front
	Deps
	looks *look.Looks
}

// Routes returns what registers the room's operations.
func Routes(d Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		r := &room{f, d, l}
		front.Route(f, front.Op{ID: "systemHealth", Method: http.MethodGet, Path: "/api/system/health", Tag: "system", Summary: "How each part does, and what to do about what is wrong"}, front.Administrators, r.get)
		front.Route(f, front.Op{ID: "releaseCamera", Method: http.MethodPost, Path: "/api/system/barred/{camera}/release", Tag: "system", Summary: "Let a camera in again that was shut out of analysis"}, front.Administrators, r.release)
		front.Route(f, front.Op{ID: "sendNotices", Method: http.MethodPost, Path: "/api/system/notices/send", Tag: "system", Summary: "Try at once to send the notices that wait, after mending what they wait for"}, front.Administrators, r.send)
	}
}

type healthOutput struct {
	Body struct {
		Now      time.Time   `json:"now"`
		Troubles []Trouble   `json:"troubles" doc:"The most pressing first"`
		Facts    SystemFacts `json:"facts"`
	}
}

func (r *room) get(ctx context.Context, c *front.Caller, _ *struct{}) (*healthOutput, error) {
	facts, err := r.Source.Facts(ctx)
	out := &healthOutput{}
	out.Body.Now, out.Body.Facts = r.Now(), facts
	for i, b := range facts.Barred {
		out.Body.Facts.Barred[i].Name = nameOf(c, b.Camera)
	}
	out.Body.Troubles = Find(facts, err)
	out.Body.Troubles = append(out.Body.Troubles, closedByView(c)...)
	return out, nil
}

// closedByView tells of cameras that nothing is used of until two people sign.
func closedByView(c *front.Caller) (out []Trouble) {
	for _, cam := range c.World.Cameras() {
		switch {
		case c.World.ViewWaiting(cam.ID):
			out = append(out, Trouble{Code: ViewWaiting, Level: Warn, Subject: nameOf(c, cam.CameraID())})
		case cam.Quarantined:
			out = append(out, Trouble{Code: ViewDrifted, Level: Warn, Subject: nameOf(c, cam.CameraID())})
		}
	}
	return out
}

func nameOf(c *front.Caller, id shouwang.CameraID) string {
	cam, ok := c.World.Camera(policy.CameraResource(id))
	switch {
	case !ok:
		return string(id)
	case c.Lang == "en" && cam.NameEn != "":
		return cam.NameEn
	case cam.Name != "":
		return cam.Name
	}
	return string(id)
}

type releaseInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
}

// release is logged before it is done: a stream that kills analyzers is let in
// by somebody with a name.
func (r *room) release(ctx context.Context, c *front.Caller, in *releaseInput) (*struct{}, error) {
	if !in.Camera.Valid() {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q is barred", in.Camera)
	}
	_, err := r.looks.Append(ctx, policy.Entry{
		At: r.Now(), Kind: "admin", Principal: c.Who.ID, Person: c.Who.Name, Camera: policy.CameraResource(in.Camera), Decision: "allow",
		Detail: "release from quarantine",
	})
	if err != nil {
		return nil, err
	}
	return nil, r.Source.Release(ctx, in.Camera)
}

func (r *room) send(ctx context.Context, _ *front.Caller, _ *struct{}) (*struct{}, error) {
	return nil, r.Source.SendNotices(ctx)
}
