package cameras

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Known tells what is known of cameras beside consent: masks and links.
type Known interface {
	Camera(id shouwang.CameraID) (shouwang.Camera, bool)
	// Status returns the present state of each stream that is worked on.
	Status() []shouwang.StreamStatus
	// Analysis returns how a camera is looked at now.
	Analysis(id shouwang.CameraID) Analysis
}

// Analysis is how closely a camera is looked at, and why.
type Analysis struct {
	Policy   string `json:"policy" enum:"full,track,presence,off"`
	Reason   string `json:"reason,omitempty"`
	Degraded bool   `json:"degraded"`
}

// Gate answers without consequences, for what a page shows beforehand.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Room tells of cameras without a picture, to its own routes and to the rooms
// that name cameras.
type Room struct {
	*front.Front
	looks *look.Looks
	known Known
	gate  Gate
}

// Register puts the room's routes on the kernel.
func Register(f *front.Front, looks *look.Looks, known Known, gate Gate) *Room {
	r := &Room{Front: f, looks: looks, known: known, gate: gate}
	r.routes()
	return r
}

func (r *Room) routes() {
	front.Route(r.Front, front.Op{ID: "listPlaces", Method: http.MethodGet, Path: "/api/places", Tag: "cameras", Summary: "The township's places as a tree"}, front.SignedIn, r.listPlaces)
	front.Route(r.Front, front.Op{ID: "listCameras", Method: http.MethodGet, Path: "/api/cameras", Tag: "cameras", Summary: "The cameras one may know of, with what a live view would answer"}, front.SignedIn, r.listCameras)
	front.Route(r.Front, front.Op{ID: "getCamera", Method: http.MethodGet, Path: "/api/cameras/{id}", Tag: "cameras", Summary: "One camera"}, front.SignedIn, r.getCamera)
}

func (r *Room) listPlaces(_ context.Context, c *front.Caller, _ *struct{}) (*placesOutput, error) {
	out := &placesOutput{}
	for _, p := range c.World.Places() {
		out.Body.Places = append(out.Body.Places, p)
	}
	slices.SortFunc(out.Body.Places, func(a, b shouwang.Place) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (r *Room) listCameras(_ context.Context, c *front.Caller, in *camerasInput) (*camerasOutput, error) {
	out := &camerasOutput{}
	out.Body.Cameras = []CameraView{}
	links := r.Links()
	for _, cam := range c.World.Cameras() {
		if c.Knows(cam) {
			out.Body.Cameras = append(out.Body.Cameras, r.View(c, cam, links, in.Why))
		}
	}
	return out, nil
}

func (r *Room) getCamera(_ context.Context, c *front.Caller, in *cameraInput) (*cameraOutput, error) {
	cam, err := c.Camera(in.ID)
	if err != nil {
		return nil, err
	}
	return &cameraOutput{Body: r.View(c, cam, r.Links(), in.Why)}, nil
}

// Links returns the state of each camera's main stream.
func (r *Room) Links() map[shouwang.CameraID]shouwang.StreamStatus {
	out := map[shouwang.CameraID]shouwang.StreamStatus{}
	for _, st := range r.known.Status() {
		if _, have := out[st.Camera]; !have || st.Stream == shouwang.StreamMain {
			out[st.Camera] = st
		}
	}
	return out
}

// View is the camera as a page of the caller shows it. links are those of Links.
func (r *Room) View(c *front.Caller, cam *policy.Camera, links map[shouwang.CameraID]shouwang.StreamStatus, why front.Why) CameraView {
	id := cam.CameraID()
	v := CameraView{
		ID: id, Name: cam.NameIn(c.Lang), Place: cam.Place, Position: shouwang.Position(cam.Position), Class: cam.LegalClass,
		OwnerName: ownerName(c, cam), Link: LinkOf(links[id]), Analysis: r.known.Analysis(id), Sharing: r.sharing(c, cam),
	}
	if known, ok := r.known.Camera(id); ok {
		v.Aim = known.Aim
	}
	v.Quarantined, v.ViewWaiting = cam.Quarantined, c.World.ViewWaiting(cam.ID)
	v.Live = r.liveNow(c, cam, why)
	return v
}
