package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Link is how a camera's main stream does; it holds no address.
type Link struct {
	State              shouwang.LinkState `json:"state"`
	Since              time.Time          `json:"since,omitzero"`
	Code               shouwang.Code      `json:"code,omitempty"`
	Detail             string             `json:"detail,omitempty"`
	Codec              string             `json:"codec,omitempty"`
	Width              int                `json:"width,omitempty"`
	Height             int                `json:"height,omitempty"`
	FPS                float64            `json:"fps,omitempty"`
	Bitrate            float64            `json:"bitrate,omitempty"`
	ClockOffsetMS      float64            `json:"clock_offset_ms"`
	ClockUncertaintyMS float64            `json:"clock_uncertainty_ms"`
	LastUnit           time.Time          `json:"last_unit,omitzero"`
}

// Sharing is what the owner's consent says now, in short.
type Sharing struct {
	State  policy.ConsentState `json:"state"`
	Until  *time.Time          `json:"until,omitempty"`
	Reason string              `json:"reason,omitempty"`
}

// Live is what the gate would say to a live view now; asking is not looking.
type Live struct {
	Decision string          `json:"decision" enum:"allow,deny"`
	Reasons  []policy.Reason `json:"reasons"`
	Text     string          `json:"text"`
	// Incident is the open incident under which the view is allowed, when it
	// is not without one.
	Incident    string                `json:"incident,omitempty"`
	Obligations []policy.ObligationID `json:"obligations"`
}

// CameraView is a camera as a page shows it.
type CameraView struct {
	ID       shouwang.CameraID `json:"id"`
	Name     string            `json:"name"`
	Place    shouwang.PlaceID  `json:"place"`
	Position shouwang.Position `json:"position"`
	Aim      *shouwang.Aim     `json:"aim,omitempty"`
	// Quarantined says that its view no longer is the approved one.
	Quarantined bool `json:"quarantined"`
	// ViewWaiting says that it waits for two people to approve what it sees.
	ViewWaiting bool                `json:"view_waiting" doc:"Nothing of it is used before two people have approved what it sees"`
	Class       shouwang.LegalClass `json:"legal_class"`
	OwnerName   string              `json:"owner_name,omitempty"`
	Link        Link                `json:"link"`
	Analysis    Analysis            `json:"analysis"`
	Sharing     Sharing             `json:"sharing"`
	Live        Live                `json:"live"`
}

type camerasOutput struct {
	Body struct {
		Cameras []CameraView `json:"cameras"`
	}
}

type cameraInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
	front.Why
}

type camerasInput struct{ front.Why }

type cameraOutput struct{ Body CameraView }

type placesOutput struct {
	Body struct {
		Places []shouwang.Place `json:"places"`
	}
}

func (s *Server) cameraRoutes() {
	front.Route(s.Front, front.Op{ID: "listPlaces", Method: http.MethodGet, Path: "/api/places", Tag: "cameras", Summary: "The township's places as a tree"}, front.SignedIn, s.listPlaces)
	front.Route(s.Front, front.Op{ID: "listCameras", Method: http.MethodGet, Path: "/api/cameras", Tag: "cameras", Summary: "The cameras one may know of, with what a live view would answer"}, front.SignedIn, s.listCameras)
	front.Route(s.Front, front.Op{ID: "getCamera", Method: http.MethodGet, Path: "/api/cameras/{id}", Tag: "cameras", Summary: "One camera"}, front.SignedIn, s.getCamera)
}

func (s *Server) listPlaces(_ context.Context, c *front.Caller, _ *struct{}) (*placesOutput, error) {
	out := &placesOutput{}
	for _, p := range c.World.Places() {
		out.Body.Places = append(out.Body.Places, p)
	}
	slices.SortFunc(out.Body.Places, func(a, b shouwang.Place) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (s *Server) listCameras(_ context.Context, c *front.Caller, in *camerasInput) (*camerasOutput, error) {
	out := &camerasOutput{}
	out.Body.Cameras = []CameraView{}
	links := s.links()
	for _, cam := range c.World.Cameras() {
		if c.Knows(cam) {
			out.Body.Cameras = append(out.Body.Cameras, s.cameraView(c, cam, links, in.Why))
		}
	}
	return out, nil
}

func (s *Server) getCamera(_ context.Context, c *front.Caller, in *cameraInput) (*cameraOutput, error) {
	cam, err := c.Camera(in.ID)
	if err != nil {
		return nil, err
	}
	return &cameraOutput{Body: s.cameraView(c, cam, s.links(), in.Why)}, nil
}

// links returns the state of each camera's main stream.
func (s *Server) links() map[shouwang.CameraID]shouwang.StreamStatus {
	out := map[shouwang.CameraID]shouwang.StreamStatus{}
	for _, st := range s.deps.Cameras.Status() {
		if _, have := out[st.Camera]; !have || st.Stream == shouwang.StreamMain {
			out[st.Camera] = st
		}
	}
	return out
}

func (s *Server) cameraView(c *front.Caller, cam *policy.Camera, links map[shouwang.CameraID]shouwang.StreamStatus, why front.Why) CameraView {
	id := cam.CameraID()
	v := CameraView{
		ID: id, Name: cameraName(c, cam), Place: cam.Place, Position: shouwang.Position(cam.Position), Class: cam.LegalClass,
		OwnerName: ownerName(c, cam), Link: linkOf(links[id]), Analysis: s.deps.Cameras.Analysis(id), Sharing: s.sharing(c, cam),
	}
	if known, ok := s.deps.Cameras.Camera(id); ok {
		v.Aim = known.Aim
	}
	v.Quarantined, v.ViewWaiting = cam.Quarantined, c.World.ViewWaiting(cam.ID)
	v.Live = s.liveNow(c, cam, why)
	return v
}

// liveNow asks what a live view would answer, without an incident first and
// then under each incident that is open.
func (s *Server) liveNow(c *front.Caller, cam *policy.Camera, why front.Why) Live {
	req := c.Request(policy.ViewLive, cam, why, s.Now())
	first := s.judged(c, req, cam)
	if first.Allowed() || req.Incident != "" || c.Who.Type != policy.TypeOfficer {
		return s.liveOf(c, &first, "")
	}
	for _, incident := range s.openIncidents(c.World) {
		req.Incident = incident.ID
		if d := s.judged(c, req, cam); d.Allowed() {
			return s.liveOf(c, &d, incident.ID)
		}
	}
	return s.liveOf(c, &first, "")
}

// judged is foresee with this room's own refusals in it.
func (s *Server) judged(c *front.Caller, req policy.Request, cam *policy.Camera) policy.Decision {
	d := s.foresee(c, req)
	if d.Allowed() {
		if _, refused := s.looks.Carry(&d, c, cam); refused != "" {
			d.Decision, d.Reasons = "deny", []policy.Reason{refused}
		}
	}
	return d
}

func (s *Server) liveOf(c *front.Caller, d *policy.Decision, incident string) Live {
	v := Live{Decision: d.Decision, Reasons: d.Reasons, Text: s.TextFor(c, d), Incident: incident, Obligations: []policy.ObligationID{}}
	for _, duty := range d.Obligations {
		v.Obligations = append(v.Obligations, duty.ID)
	}
	return v
}

func linkOf(st shouwang.StreamStatus) Link {
	if st.State == "" {
		st.State = shouwang.LinkIdle
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return Link{
		State: st.State, Since: st.Since, Code: st.Code, Detail: st.Detail, Codec: st.Codec, Width: st.Width, Height: st.Height,
		FPS: st.FPS, Bitrate: st.Bitrate, ClockOffsetMS: ms(st.Offset), ClockUncertaintyMS: ms(st.Uncertainty), LastUnit: st.LastUnit,
	}
}

// sharing tells the state of the consent for public safety, or of the first
// there is; a department's camera is shared by its filing.
func (s *Server) sharing(c *front.Caller, cam *policy.Camera) Sharing {
	consents := c.World.CurrentConsents(cam.ID)
	if len(consents) == 0 {
		if cam.LegalClass == shouwang.ClassPublic {
			return Sharing{State: policy.Given, Reason: "department_filing"}
		}
		return Sharing{State: policy.Requested, Reason: "no_consent"}
	}
	consent := consents[0]
	for _, other := range consents {
		if other.Purpose == "public_safety" {
			consent = other
		}
	}
	out := Sharing{State: consent.State}
	if p := consent.PauseUntil; p != nil && s.Now().Before(*p) {
		out.State, out.Until = policy.Paused, p
	} else if consent.State.Live() && !s.Now().Before(consent.NotAfter) {
		out.State = policy.Expired
	} else if consent.State.Live() {
		out.Until = &consent.NotAfter
		if !consent.Slots.Has(policy.SlotOf(s.Now().In(c.World.Zone()))) {
			out.Reason = "outside_slot"
		}
	}
	return out
}

func cameraName(c *front.Caller, cam *policy.Camera) string {
	if c.Lang == "en" && cam.NameEn != "" {
		return cam.NameEn
	}
	if cam.Name != "" {
		return cam.Name
	}
	return string(cam.CameraID())
}

// ownerName names the unit that owns a camera; a resident's name is told to
// that resident only.
func ownerName(c *front.Caller, cam *policy.Camera) string {
	if c.Owns(cam) {
		return c.Name()
	}
	if id, ok := strings.CutPrefix(cam.Owner, "unit:"); ok {
		if u, ok := c.World.Unit(id); ok {
			if c.Lang == "en" && u.NameEn != "" {
				return u.NameEn
			}
			return u.Name
		}
	}
	return ""
}
