package transparency

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Complaint is one person's complaint and what became of it.
type Complaint struct {
	ID          string    `json:"id" doc:"The receipt's number"`
	At          time.Time `json:"at"`
	By          string    `json:"by"`
	Person      string    `json:"person,omitempty"`
	Camera      string    `json:"camera,omitempty"`
	Look        *uint64   `json:"look,omitempty" doc:"Number of the look in the access log"`
	Text        string    `json:"text"`
	Contact     string    `json:"contact,omitempty"`
	ForwardedAt time.Time `json:"forwarded_at,omitzero" doc:"When the outside body had it"`
	Answer      string    `json:"answer,omitempty"`
	AnsweredBy  string    `json:"answered_by,omitempty"`
	AnsweredAt  time.Time `json:"answered_at,omitzero"`
}

// Complaints keeps complaints and hands them to the outside body. Errors:
// CodeNotFound, CodeRateLimited.
type Complaints interface {
	Add(ctx context.Context, c Complaint) (Complaint, error)
	// List returns one person's, or everybody's for by "", newest first.
	List(ctx context.Context, by string) ([]Complaint, error)
	Answer(ctx context.Context, id, answer, by string) (Complaint, error)
	// Body names who gets them, in the language; "" when nobody outside is set up.
	Body(lang string) string
}

type complainInput struct {
	Body struct {
		Camera  shouwang.CameraID `json:"camera,omitempty" maxLength:"64" doc:"One's own camera that it is about"`
		Look    *uint64           `json:"look,omitempty" doc:"Number of the look that it is about"`
		Text    string            `json:"text" minLength:"4" maxLength:"4000"`
		Contact string            `json:"contact,omitempty" maxLength:"200" doc:"How the outside body reaches one"`
	}
}

type complaintOutput struct{ Body Complaint }

type complaintsOutput struct {
	Body struct {
		Complaints []Complaint           `json:"complaints"`
		Cameras    map[string]CameraName `json:"cameras" doc:"The names of the cameras that they are about"`
		To         string                `json:"to" doc:"The body outside the dispatch centre that gets them; empty when none is set up, then the oversight role reads them"`
	}
}

// CameraName is what people call a camera.
type CameraName struct {
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
}

type complaintAnswerInput struct {
	ID   string `path:"id" maxLength:"32"`
	Body struct {
		Answer string `json:"answer" minLength:"1" maxLength:"4000"`
	}
}

func (r *room) complaintRoutes() {
	my := func(id, method, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: "/api/my/complaints", Tag: "my", Summary: summary}
	}
	complain := my("complain", http.MethodPost, "Complain to a body outside the dispatch centre")
	complain.Status = http.StatusCreated
	front.Route(r.Front, complain, front.Residents, r.complain)
	front.Route(r.Front, my("myComplaints", http.MethodGet, "One's own complaints and their answers"), front.Residents, r.mine)
	front.Route(r.Front, front.Op{
		ID: "complaints", Method: http.MethodGet, Path: "/api/complaints", Tag: "log", Summary: "All complaints, for oversight",
	}, front.Officers, r.complaints)
	front.Route(r.Front, front.Op{
		ID: "answerComplaint", Method: http.MethodPost, Path: "/api/complaints/{id}/answer", Tag: "log", Summary: "Answer a complaint, for oversight",
	}, front.Officers, r.answer)
}

// complain keeps the complaint first and logs it then: a log that is away is no
// reason to refuse one.
func (r *room) complain(ctx context.Context, c *front.Caller, in *complainInput) (*complaintOutput, error) {
	made := Complaint{By: c.Who.ID, Person: c.Who.Name, Look: in.Body.Look, Text: in.Body.Text, Contact: in.Body.Contact}
	if in.Body.Camera != "" {
		cam, err := c.Camera(in.Body.Camera)
		if err != nil {
			return nil, err
		}
		made.Camera = cam.ID
	}
	kept, err := r.Deps.Complaints.Add(ctx, made)
	if err != nil {
		return nil, err
	}
	_, err = r.looks.Append(ctx, policy.Entry{
		At: r.Now(), Kind: "complaint", Principal: c.Who.ID, Camera: kept.Camera, Decision: "allow", Detail: kept.ID,
	})
	if err != nil {
		r.Log.Error("log complaint", "complaint", kept.ID, "error", err)
	}
	return &complaintOutput{kept}, nil
}

func (r *room) mine(ctx context.Context, c *front.Caller, _ *struct{}) (*complaintsOutput, error) {
	return r.list(ctx, c, c.Who.ID)
}

// oversees reports, as a denial, that the caller is not of the oversight:
// complaints about the dispatch centre are not for the dispatch centre.
func (r *room) oversees(c *front.Caller) error {
	if c.Who.Has(policy.RoleOversight) && !c.Who.Has(policy.RoleDispatcher) {
		return nil
	}
	d := policy.Decision{Reasons: []policy.Reason{policy.ReasonRole}}
	return front.Denial(&d, r.TextFor(c, &d))
}

func (r *room) complaints(ctx context.Context, c *front.Caller, _ *struct{}) (*complaintsOutput, error) {
	if err := r.oversees(c); err != nil {
		return nil, err
	}
	return r.list(ctx, c, "")
}

func (r *room) list(ctx context.Context, c *front.Caller, by string) (*complaintsOutput, error) {
	list, err := r.Deps.Complaints.List(ctx, by)
	if err != nil {
		return nil, fmt.Errorf("read complaints: %w", err)
	}
	out := &complaintsOutput{}
	out.Body.Complaints, out.Body.To, out.Body.Cameras = append([]Complaint{}, list...), r.Deps.Complaints.Body(c.Lang), map[string]CameraName{}
	for _, one := range list {
		if cam, ok := c.World.Camera(one.Camera); ok {
			out.Body.Cameras[one.Camera] = CameraName{Name: cam.Name, NameEn: cam.NameEn}
		}
	}
	return out, nil
}

func (r *room) answer(ctx context.Context, c *front.Caller, in *complaintAnswerInput) (*complaintOutput, error) {
	if err := r.oversees(c); err != nil {
		return nil, err
	}
	kept, err := r.Deps.Complaints.Answer(ctx, in.ID, in.Body.Answer, c.Who.ID)
	if err != nil {
		return nil, err
	}
	return &complaintOutput{kept}, nil
}
