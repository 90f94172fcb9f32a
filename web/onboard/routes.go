package onboard

import (
	"context"
	"net/http"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// room joins the kernel to the neighbours.
type room struct {
	*front.Front
	deps  Deps
	looks *look.Looks
}

// Routes returns the room's registration.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		r := &room{Front: f, deps: deps, looks: l}
		op := func(id, method, path, summary string) front.Op {
			return front.Op{ID: id, Method: method, Path: path, Tag: "onboard", Summary: summary}
		}
		front.Route(f, op("discoverCameras", http.MethodPost, "/api/onboard/discover", "Ask the local network for ONVIF cameras"), front.Administrators, r.discover)
		front.Route(f, op("askDevice", http.MethodPost, "/api/onboard/device", "Ask an ONVIF camera which streams it offers"), front.Administrators, r.device)
		front.Route(f, op("setEncoder", http.MethodPost, "/api/onboard/encoder", "Set a camera's encoder to what is kinder to analysis"), front.Administrators, r.encoder)
		front.Route(f, op("tryStream", http.MethodPost, "/api/onboard/test", "Connect to an address for a few seconds and say what comes, in numbers"), front.Administrators, r.try)
		front.Route(f, op("listSetups", http.MethodGet, "/api/onboard/cameras", "The cameras as they are set up, without credentials"), front.Administrators, r.list)
		front.Route(f, op("putSetup", http.MethodPut, "/api/onboard/cameras/{id}", "Add a camera or change one; new addresses are tried first. What lets somebody reach more is proposed to the oversight, the rest is saved"), front.Administrators, r.put)
		front.Route(f, op("planSetup", http.MethodPost, "/api/onboard/cameras/{id}/plan", "Who would reach more if a camera hung elsewhere, were somebody else's or rested on another basis; does nothing"), front.Administrators, r.plan)
		front.Route(f, op("removeSetup", http.MethodDelete, "/api/onboard/cameras/{id}", "Forget a camera; its consents stay on record, its recordings are erased"), front.Administrators, r.remove)
		front.Route(f, op("newPublishToken", http.MethodPost, "/api/onboard/cameras/{id}/token", "A new password for a camera that pushes; shown once"), front.Administrators, r.token)
	}
}

type devicesOutput struct {
	Body struct {
		Devices []Device `json:"devices"`
	}
}

type loginInput struct{ Body Login }

type profilesOutput struct {
	Body struct {
		Profiles    []Profile `json:"profiles"`
		ClockOffset float64   `json:"clock_offset_s" doc:"The camera's clock minus ours, to about a second"`
		Findings    []Finding `json:"findings"`
	}
}

type encoderInput struct {
	Body struct {
		Login
		Encoder Encoder `json:"encoder"`
	}
}

type encoderOutput struct{ Body Encoder }

type tryInput struct {
	Body struct {
		URL      string `json:"url" minLength:"8" maxLength:"1024" doc:"rtsp:// or rtsps://, with name and password where the camera asks for them"`
		Analysed bool   `json:"analysed,omitempty" doc:"Pictures of this stream will be looked at"`
	}
}

type tryOutput struct {
	Body struct {
		Seen     Seen      `json:"seen"`
		Findings []Finding `json:"findings"`
	}
}

func (r *room) discover(ctx context.Context, c *front.Caller, _ *struct{}) (*devicesOutput, error) {
	list, err := r.deps.Field.Discover(ctx)
	if err != nil {
		return nil, outward(c, err)
	}
	out := &devicesOutput{}
	out.Body.Devices = append([]Device{}, list...)
	return out, nil
}

func (r *room) device(ctx context.Context, c *front.Caller, in *loginInput) (*profilesOutput, error) {
	list, skew, err := r.deps.Field.Profiles(ctx, in.Body)
	if err != nil {
		return nil, outward(c, err)
	}
	out := &profilesOutput{}
	out.Body.Profiles, out.Body.ClockOffset, out.Body.Findings = list, skew.Seconds(), []Finding{}
	if r.deps.Field.Factory(in.Body.User, in.Body.Password) {
		out.Body.Findings = append(out.Body.Findings, Finding{FindFactoryPassword, "refused", "this is the password that the camera was delivered with: set another in the camera first"})
	}
	return out, nil
}

// encoder changes a camera's settings; it is logged, as a camera that films
// otherwise than agreed is a change for its owner.
func (r *room) encoder(ctx context.Context, c *front.Caller, in *encoderInput) (*encoderOutput, error) {
	got, err := r.deps.Field.SetEncoder(ctx, in.Body.Login, in.Body.Encoder)
	if err != nil {
		return nil, outward(c, err)
	}
	r.note(ctx, c, "", "set encoder of "+shouwang.RedactURL(in.Body.Address))
	return &encoderOutput{Body: got}, nil
}

func (r *room) try(ctx context.Context, c *front.Caller, in *tryInput) (*tryOutput, error) {
	seen, err := r.deps.Field.Look(ctx, in.Body.URL)
	if err != nil {
		return nil, outward(c, err)
	}
	out := &tryOutput{}
	out.Body.Seen = seen
	out.Body.Findings = append([]Finding{}, findings(&seen, in.Body.URL, r.deps.Field.Factory, in.Body.Analysed)...)
	return out, nil
}

// note writes a change of the register into the access log. The change stands
// even where that fails: it shows nobody anything.
func (r *room) note(ctx context.Context, c *front.Caller, camera, what string) {
	entry := policy.Entry{
		At: r.Now(), Kind: "setup", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: manageSetup, Camera: camera, Detail: what,
	}
	if _, err := r.looks.Append(context.WithoutCancel(ctx), entry); err != nil {
		r.Log.Error("a change of the cameras' register could not be logged", "camera", camera, "what", what, "error", err)
	}
}

// manageSetup names the act in the log; no rule is asked about it.
const manageSetup policy.Action = "manage_setup"

// lookFor bounds trying an address before it is saved.
const lookFor = 20 * time.Second
