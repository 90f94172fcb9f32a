package mine

import (
	"context"
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

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

type receiptOutput struct{ Body Receipt }

func (r *room) routes() {
	post := func(id, path, summary string) front.Op {
		return front.Op{ID: id, Method: http.MethodPost, Path: path, Tag: "my", Summary: summary}
	}
	front.Route(r.Front, front.Op{ID: "myCameras", Method: http.MethodGet, Path: "/api/my/cameras", Tag: "my", Summary: "The cameras one answers for, with their consents"}, front.Residents, r.myCameras)
	front.Route(r.Front, front.Op{ID: "previewChange", Method: http.MethodGet, Path: "/api/my/consents/{id}/preview", Tag: "my", Summary: "What a change of consent would do"}, front.Residents, r.preview)
	front.Route(r.Front, post("pauseConsent", "/api/my/consents/{id}/pause", "Pause sharing for a time"), front.Residents, r.pause)
	front.Route(r.Front, post("resumeConsent", "/api/my/consents/{id}/resume", "Go on sharing"), front.Residents, r.resume)
	front.Route(r.Front, post("giveConsent", "/api/my/consents/{id}/give", "Give consent, or change what is shared"), front.Residents, r.give)
	front.Route(r.Front, post("withdrawConsent", "/api/my/consents/{id}/withdraw", "Withdraw: views end, recordings are erased"), front.Residents, r.withdraw)
	front.Route(r.Front, front.Op{ID: "getReceipt", Method: http.MethodGet, Path: "/api/my/receipts/{id}", Tag: "my", Summary: "A receipt of a change"}, front.Residents, r.receipt)
}

// manages reports whether the gate lets the caller manage the camera's
// consents.
func (r *room) manages(c *front.Caller, cam *policy.Camera) bool {
	d := r.Gate.Decide(c.Request(policy.ManageConsent, cam, front.Why{}, r.Now()))
	return d.Allowed()
}

func (r *room) myCameras(_ context.Context, c *front.Caller, _ *struct{}) (*myCamerasOutput, error) {
	out := &myCamerasOutput{}
	out.Body.Cameras = []MyCamera{}
	links := r.Cameras.Links()
	for _, cam := range c.World.Cameras() {
		if !c.Knows(cam) || !r.manages(c, cam) {
			continue
		}
		mine := MyCamera{Camera: r.Cameras.View(c, cam, links, front.Why{}), Consents: []ConsentView{}, Masks: []shouwang.Polygon{}}
		if known, ok := r.Known.Camera(cam.CameraID()); ok {
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
func (r *room) consent(c *front.Caller, id string) (*policy.Consent, *policy.Camera, error) {
	for _, cam := range c.World.Cameras() {
		for _, consent := range c.World.CurrentConsents(cam.ID) {
			if consent.ID == id && c.Knows(cam) && r.manages(c, cam) {
				return consent, cam, nil
			}
		}
	}
	return nil, nil, shouwang.Errorf(shouwang.CodeNotFound, "no consent %q of yours", id)
}

func (r *room) pause(ctx context.Context, c *front.Caller, in *pauseInput) (*changeOutput, error) {
	until := r.Now().Add(time.Duration(in.Body.Hours * float64(time.Hour)))
	if in.Body.Until != nil {
		until = *in.Body.Until
	}
	if !until.After(r.Now()) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "say until when to pause: hours or until, in the future")
	}
	return r.change(ctx, c, in.ID, pausing(until))
}

func (r *room) resume(ctx context.Context, c *front.Caller, in *idInput) (*changeOutput, error) {
	return r.change(ctx, c, in.ID, (*policy.Consent).Resume)
}

func (r *room) withdraw(ctx context.Context, c *front.Caller, in *idInput) (*changeOutput, error) {
	return r.change(ctx, c, in.ID, (*policy.Consent).Withdraw)
}

func (r *room) give(ctx context.Context, c *front.Caller, in *giveInput) (*changeOutput, error) {
	for _, a := range in.Body.Audiences {
		if !slices.Contains(c.World.Audiences(), a) {
			return nil, shouwang.Errorf(shouwang.CodeBadUsage, "audience %q is not one of the township's", a)
		}
	}
	return r.change(ctx, c, in.ID, giving(&in.Body))
}

func (r *room) receipt(ctx context.Context, c *front.Caller, in *idInput) (*receiptOutput, error) {
	receipt, err := r.Consents.Receipt(ctx, in.ID)
	if err == nil {
		cam, ok := c.World.Camera(receipt.Camera)
		if ok && c.Knows(cam) && r.manages(c, cam) {
			return &receiptOutput{Body: receipt}, nil
		}
	} else if shouwang.CodeOf(err) != shouwang.CodeNotFound {
		return nil, err
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "no receipt %q of yours", in.ID)
}
