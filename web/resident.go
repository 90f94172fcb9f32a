package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/front"
)

// MyCamera is a camera that the caller answers for.
type MyCamera struct {
	Camera   cameras.CameraView `json:"camera"`
	Consents []ConsentView      `json:"consents"`
	// Masks are the areas covered when the camera was filed.
	Masks []shouwang.Polygon `json:"masks" doc:"Areas covered when the camera was filed; they stay whatever the consents say"`
}

type myCamerasOutput struct {
	Body struct {
		Cameras []MyCamera `json:"cameras"`
	}
}

type previewInput struct {
	ID     string `path:"id" maxLength:"64"`
	Action string `query:"action" enum:"pause,resume,give,withdraw" required:"true"`
}

type previewOutput struct{ Body Effect }

type pauseInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Until *time.Time `json:"until,omitempty"`
		Hours float64    `json:"hours,omitempty" minimum:"0" maximum:"8784"`
	}
}

type giveInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body giveBody
}

type giveBody struct {
	Slots         []string      `json:"slots,omitempty" maxItems:"168" doc:"Weekday hours, as mon-06; unchanged when absent"`
	Modes         []policy.Mode `json:"modes,omitempty" maxItems:"32"`
	Audiences     []string      `json:"audiences,omitempty" maxItems:"32"`
	RetentionDays int           `json:"retention_days,omitempty" minimum:"0" maximum:"30"`
	Months        int           `json:"months,omitempty" minimum:"0" maximum:"12" doc:"How long from now; 12 when absent"`
}

type changeOutput struct {
	Body struct {
		Consent ConsentView `json:"consent"`
		Receipt Receipt     `json:"receipt"`
	}
}

type receiptOutput struct{ Body Receipt }

func (s *Server) residentRoutes() {
	post := func(id, path, summary string) front.Op {
		return front.Op{ID: id, Method: http.MethodPost, Path: path, Tag: "my", Summary: summary}
	}
	front.Route(s.Front, front.Op{ID: "myCameras", Method: http.MethodGet, Path: "/api/my/cameras", Tag: "my", Summary: "The cameras one answers for, with their consents"}, front.Residents, s.myCameras)
	front.Route(s.Front, front.Op{ID: "previewChange", Method: http.MethodGet, Path: "/api/my/consents/{id}/preview", Tag: "my", Summary: "What a change of consent would do"}, front.Residents, s.preview)
	front.Route(s.Front, post("pauseConsent", "/api/my/consents/{id}/pause", "Pause sharing for a time"), front.Residents, s.pause)
	front.Route(s.Front, post("resumeConsent", "/api/my/consents/{id}/resume", "Go on sharing"), front.Residents, s.resume)
	front.Route(s.Front, post("giveConsent", "/api/my/consents/{id}/give", "Give consent, or change what is shared"), front.Residents, s.give)
	front.Route(s.Front, post("withdrawConsent", "/api/my/consents/{id}/withdraw", "Withdraw: views end, recordings are erased"), front.Residents, s.withdraw)
	front.Route(s.Front, front.Op{ID: "getReceipt", Method: http.MethodGet, Path: "/api/my/receipts/{id}", Tag: "my", Summary: "A receipt of a change"}, front.Residents, s.receipt)
}

// manages reports whether the gate lets the caller manage the camera's
// consents.
func (s *Server) manages(c *front.Caller, cam *policy.Camera) bool {
	d := s.deps.Gate.Decide(c.Request(policy.ManageConsent, cam, front.Why{}, s.Now()))
	return d.Allowed()
}

func (s *Server) myCameras(_ context.Context, c *front.Caller, _ *struct{}) (*myCamerasOutput, error) {
	out := &myCamerasOutput{}
	out.Body.Cameras = []MyCamera{}
	links := s.cams.Links()
	for _, cam := range c.World.Cameras() {
		if !c.Knows(cam) || !s.manages(c, cam) {
			continue
		}
		mine := MyCamera{Camera: s.cams.View(c, cam, links, front.Why{}), Consents: []ConsentView{}, Masks: []shouwang.Polygon{}}
		if known, ok := s.deps.Cameras.Camera(cam.CameraID()); ok {
			mine.Masks = append(mine.Masks, known.Masks...)
		}
		for _, consent := range c.World.CurrentConsents(cam.ID) {
			mine.Consents = append(mine.Consents, consentView(c.World, consent))
		}
		out.Body.Cameras = append(out.Body.Cameras, mine)
	}
	return out, nil
}

// consent finds a consent that the caller manages; any other is not found.
func (s *Server) consent(c *front.Caller, id string) (*policy.Consent, *policy.Camera, error) {
	for _, cam := range c.World.Cameras() {
		for _, consent := range c.World.CurrentConsents(cam.ID) {
			if consent.ID == id && c.Knows(cam) && s.manages(c, cam) {
				return consent, cam, nil
			}
		}
	}
	return nil, nil, shouwang.Errorf(shouwang.CodeNotFound, "no consent %q of yours", id)
}

func (s *Server) preview(ctx context.Context, c *front.Caller, in *previewInput) (*previewOutput, error) {
	consent, cam, err := s.consent(c, in.ID)
	if err != nil {
		return nil, err
	}
	e := Effect{Action: in.Action, Stops: []string{}, Starts: []string{}, Held: []HeldBy{}}
	uses := []string{"analysis"}
	for _, m := range consent.Modes {
		uses = append(uses, string(m))
	}
	if consent.Recording != policy.RecordNone {
		uses = append(uses, "recording")
	}
	switch in.Action {
	case "give", "resume":
		e.Starts = uses
	default:
		e.Stops, e.LiveViewers = uses, s.viewersOf(cam)
	}
	if in.Action == "withdraw" {
		if err := s.previewErasure(ctx, c, cam, &e); err != nil {
			return nil, err
		}
	}
	return &previewOutput{Body: e}, nil
}

// viewersOf counts the live views of the camera that rest on sharing; the
// owner's own goes on.
func (s *Server) viewersOf(cam *policy.Camera) (n int) {
	for _, t := range s.tickets.list(cam.CameraID()) {
		if t.viewer != cam.Owner {
			n++
		}
	}
	return n
}

func (s *Server) previewErasure(ctx context.Context, c *front.Caller, cam *policy.Camera, e *Effect) error {
	if cam.LegalClass == shouwang.ClassPublic {
		e.Keeps = string(policy.ReasonStatutoryPeriod)
		return nil
	}
	var err error
	if e.Clips, e.ErasedBytes, err = s.deps.Consents.Erasable(ctx, cam.CameraID()); err != nil {
		return fmt.Errorf("count what a withdrawal erases: %w", err)
	}
	for _, h := range c.World.HoldsOf(cam.ID) {
		if h.Active(s.Now()) {
			reason := ""
			if cs, ok := c.World.Case(h.Case); ok {
				reason = cs.Type
			}
			e.Held = append(e.Held, HeldBy{Case: h.Case, Until: h.Until, Reason: reason})
		}
	}
	return nil
}

func (s *Server) pause(ctx context.Context, c *front.Caller, in *pauseInput) (*changeOutput, error) {
	until := s.Now().Add(time.Duration(in.Body.Hours * float64(time.Hour)))
	if in.Body.Until != nil {
		until = *in.Body.Until
	}
	if !until.After(s.Now()) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say until when to pause: hours or until, in the future")
	}
	return s.change(ctx, c, in.ID, pausing(until))
}

func (s *Server) resume(ctx context.Context, c *front.Caller, in *idInput) (*changeOutput, error) {
	return s.change(ctx, c, in.ID, (*policy.Consent).Resume)
}

func (s *Server) withdraw(ctx context.Context, c *front.Caller, in *idInput) (*changeOutput, error) {
	return s.change(ctx, c, in.ID, (*policy.Consent).Withdraw)
}

func (s *Server) give(ctx context.Context, c *front.Caller, in *giveInput) (*changeOutput, error) {
	for _, a := range in.Body.Audiences {
		if !slices.Contains(c.World.Audiences(), a) {
			return nil, shouwang.Errorf(shouwang.CodeBadUsage, "audience %q is not one of the township's", a)
		}
	}
	return s.change(ctx, c, in.ID, giving(&in.Body))
}

// change makes the next version of a consent and has it carried out. What
// opens a camera is logged before it is done; what closes one is never kept
// waiting by a log that is away.
func (s *Server) change(ctx context.Context, c *front.Caller, id string, next nextVersion) (*changeOutput, error) {
	old, cam, err := s.consent(c, id)
	if err != nil {
		return nil, err
	}
	made, err := next(old, policy.Change{At: s.Now(), By: c.Who.ID, Channel: "app"})
	if err != nil {
		return nil, err
	}
	entry := policy.Entry{
		At: s.Now(), Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Action: policy.ManageConsent,
		Camera: cam.ID, Purpose: made.Purpose, Consent: made.Ref(), Detail: string(made.State),
	}
	if made.State.Live() && made.PauseUntil == nil {
		if _, err := s.looks.Append(ctx, entry); err != nil {
			return nil, err
		}
	}
	// The person's going away must not stop half-way what they asked for.
	ctx = context.WithoutCancel(ctx)
	receipt, err := s.deps.Consents.Append(ctx, made)
	if err != nil {
		return nil, fmt.Errorf("change consent: %w", err)
	}
	s.spread(ctx, cam, made)
	if !made.State.Live() || made.PauseUntil != nil {
		if _, err := s.looks.Append(ctx, entry); err != nil {
			s.Log.Error("log change of consent", "consent", made.Ref(), "error", err)
		}
	}
	out := &changeOutput{}
	out.Body.Consent, out.Body.Receipt = consentView(c.World, made), receipt
	return out, nil
}

// spread tells this process and the others that a consent changed.
func (s *Server) spread(ctx context.Context, cam *policy.Camera, made *policy.Consent) {
	s.changed(cam.CameraID())
	_, err := s.deps.Bus.Publish(ctx, shouwang.TopicConsent, shouwang.ConsentChange{Camera: cam.CameraID(), State: string(made.State)})
	if err != nil {
		s.Log.Error("publish change of consent", "consent", made.Ref(), "error", err)
	}
}

func (s *Server) receipt(ctx context.Context, c *front.Caller, in *idInput) (*receiptOutput, error) {
	receipt, err := s.deps.Consents.Receipt(ctx, in.ID)
	if err == nil {
		cam, ok := c.World.Camera(receipt.Camera)
		if ok && c.Knows(cam) && s.manages(c, cam) {
			return &receiptOutput{Body: receipt}, nil
		}
	} else if shouwang.CodeOf(err) != shouwang.CodeNotFound {
		return nil, err
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "no receipt %q of yours", in.ID)
}
