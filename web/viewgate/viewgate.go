// Package viewgate is the room in which what a camera sees is approved: a
// reference picture, two different people who look at it and sign, the sign
// for passers-by. A view that drifts closes the camera until two people have
// approved it again.
package viewgate

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/watch"
)

// Gate is what this room asks of the policy without a look at a picture.
type Gate interface {
	Decide(req policy.Request) policy.Decision
}

// Views keeps what is on record about views and takes reference pictures.
type Views interface {
	Views(ctx context.Context) ([]*policy.View, error)
	// Change changes the record of one view and puts it in force.
	Change(ctx context.Context, camera shouwang.CameraID, change func(policy.View) (policy.View, error)) (policy.View, error)
	// Take looks at the camera for some twenty seconds and keeps what it saw,
	// sealed.
	Take(ctx context.Context, camera shouwang.CameraID, by string) (policy.View, error)
	// Reference returns what is on record: key frames of some twenty seconds,
	// since who walks by can only be told, and veiled, by their moving.
	Reference(ctx context.Context, camera shouwang.CameraID) ([]*shouwang.AccessUnit, error)
	// Approved notes an approved view in the owner's records.
	Approved(ctx context.Context, v policy.View) error
}

// Deps are the neighbours of this room.
type Deps struct {
	Gate     Gate
	Views    Views
	Renderer watch.Renderer
}

type room struct {
	*front.Front
	looks *look.Looks
	deps  Deps
}

// Routes returns what registers the room's operations on the kernel.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		r := &room{Front: f, looks: l, deps: deps}
		op := func(id, method, path, summary string) front.Op {
			return front.Op{ID: id, Method: method, Path: path, Tag: "viewgate", Summary: summary}
		}
		front.Route(f, op("listViews", http.MethodGet, "/api/views", "What is on record about the views one may approve"), front.Residents, r.list)
		front.Route(f, op("getView", http.MethodGet, "/api/views/{camera}", "What is on record about one view"), front.Residents, r.get)
		front.Route(f, op("takeReference", http.MethodPost, "/api/views/{camera}/reference", "Take a new reference picture; closes the camera until two people approve it"), front.Residents, r.take)
		picture := op("viewReference", http.MethodGet, "/api/views/{camera}/reference.mp4", "See the reference picture, masked as every look is")
		picture.Media, picture.Picture = "video/mp4", true
		front.Route(f, picture, front.Residents, r.picture)
		front.Route(f, op("approveView", http.MethodPost, "/api/views/{camera}/approve", "Sign that the view is right; the second person's signature opens the camera"), front.Residents, r.approve)
		front.Route(f, op("recordSign", http.MethodPut, "/api/views/{camera}/sign", "Record the sign that tells passers-by about the camera"), front.Residents, r.sign)
	}
}

// ViewStatus is where one camera stands with its view.
type ViewStatus struct {
	Camera     shouwang.CameraID   `json:"camera"`
	Name       string              `json:"name"`
	NameEn     string              `json:"name_en,omitempty"`
	LegalClass shouwang.LegalClass `json:"legal_class"`
	Mount      string              `json:"mount"`
	// State is none (no reference yet), waiting (signatures are missing),
	// approved, or drifted.
	State       string              `json:"state" enum:"none,waiting,approved,drifted"`
	Quarantined bool                `json:"quarantined"`
	Reference   string              `json:"reference,omitempty" doc:"sha256 of the reference picture; an approval names it"`
	Taken       time.Time           `json:"taken,omitzero"`
	TakenBy     string              `json:"taken_by,omitempty"`
	TakenByName string              `json:"taken_by_name,omitempty"`
	Signatures  []ViewSigner        `json:"signatures"`
	Missing     int                 `json:"missing" doc:"How many more people must sign"`
	Approved    time.Time           `json:"approved,omitzero"`
	Sign        *policy.ViewSign    `json:"sign,omitempty"`
	SignHangs   bool                `json:"sign_hangs"`
	Drift       *policy.ViewDrift   `json:"drift,omitempty"`
	MountFault  string              `json:"mount_fault,omitempty" doc:"Why a camera of this class may not hang there"`
	May         ViewActions         `json:"may"`
	Consent     policy.ConsentState `json:"consent,omitempty"`
}

// ViewSigner is one person's signature, by name.
type ViewSigner struct {
	By   string    `json:"by"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// ViewActions is what the caller may do with the view now.
type ViewActions struct {
	See     bool `json:"see"`
	Approve bool `json:"approve"`
}

func (r *room) status(c *front.Caller, cam *policy.Camera, v *policy.View) ViewStatus {
	s := ViewStatus{
		Camera: cam.CameraID(), Name: cam.Name, NameEn: cam.NameEn, LegalClass: cam.LegalClass, Mount: cam.Mount, State: "none",
		Quarantined: cam.Quarantined, Signatures: []ViewSigner{}, Missing: policy.ViewSigners, SignHangs: cam.Sign,
	}
	if err := policy.CheckOnboarding(cam.LegalClass, cam.Mount); err != nil {
		s.MountFault = err.Error()
	}
	if consent, ok := c.World.Consent(cam.ID, "public_safety"); ok {
		s.Consent = consent.State
	}
	s.May.See = r.may(c, cam)
	if v == nil || v.Reference == "" {
		if v != nil {
			s.Sign = v.Sign
		}
		return s
	}
	s.State, s.Reference, s.Taken, s.TakenBy, s.Approved = "waiting", v.Reference, v.Taken, v.TakenBy, v.Approved
	s.TakenByName = c.NameOf(v.TakenBy)
	s.Sign, s.Drift, s.Missing = v.Sign, v.Drift, max(0, policy.ViewSigners-len(v.Signatures))
	signed := false
	for _, sig := range v.Signatures {
		s.Signatures = append(s.Signatures, ViewSigner{By: sig.By, Name: c.NameOf(sig.By), At: sig.At})
		signed = signed || sig.By == c.Who.ID
	}
	switch {
	case v.Open():
		s.State = "approved"
	case v.Drift != nil && s.Missing == 0:
		s.State = "drifted"
	}
	s.May.Approve = s.May.See && s.Missing > 0 && !signed
	return s
}

// may asks the gate whether the caller may see the view in order to approve it.
func (r *room) may(c *front.Caller, cam *policy.Camera) bool {
	d := r.deps.Gate.Decide(c.Request(policy.ApproveView, cam, front.Why{}, r.Now()))
	return d.Allowed()
}
