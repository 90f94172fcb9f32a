package subjects

import (
	"context"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/evidence"
	"shouwang/web/front"
)

// SubjectView is a request as the desk sees it.
type SubjectView struct {
	ID        string            `json:"id"`
	State     string            `json:"state" enum:"filed,verified,agreed,refused,over"`
	Name      string            `json:"name"`
	Contact   string            `json:"contact"`
	Where     string            `json:"where"`
	From      time.Time         `json:"from"`
	To        time.Time         `json:"to"`
	Reason    string            `json:"reason"`
	Filed     time.Time         `json:"filed"`
	Until     time.Time         `json:"until"`
	Camera    shouwang.CameraID `json:"camera,omitempty"`
	Verifier  string            `json:"verified_by,omitempty"`
	How       string            `json:"verified_how,omitempty"`
	Custodian string            `json:"custodian,omitempty"`
	// What people call them, in the reader's language.
	CameraName    string `json:"camera_name,omitempty"`
	VerifierName  string `json:"verified_by_name,omitempty"`
	CustodianName string `json:"custodian_name,omitempty"`

	Note      string `json:"note,omitempty"`
	Marks     []Mark `json:"marks" doc:"Where the person is, for the custodian alone; there they are not pixelated"`
	MayVerify bool   `json:"may_verify"`
	MayAnswer bool   `json:"may_answer"`
	MayLook   bool   `json:"may_look" doc:"The caller is the custodian who agreed, and shows it to the person now"`
}

type subjectOutput struct{ Body SubjectView }

type subjectsOutput struct {
	Body struct {
		Requests []SubjectView `json:"requests"`
	}
}

func (r *room) stateOf(s *policy.SubjectRequest) string {
	switch {
	case s.Refused:
		return "refused"
	case !r.Now().Before(s.Until):
		return "over"
	case s.CustodianApprovedBy != "":
		return "agreed"
	case s.Verified:
		return "verified"
	}
	return "filed"
}

// desk reports, as a denial, that the caller has nothing to do with requests.
func desk(c *front.Caller) error {
	if c.Who.Has(policy.RoleContractor) {
		return c.Works() // whatever else they are
	}
	return c.Works(policy.RoleGridWorker, policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleApprover, policy.RoleOversight)
}

// may reports whether the caller could take a step by what they are: oversight
// reads and shows nobody anything.
func (r *room) may(c *front.Caller, s *policy.SubjectRequest, step string) bool {
	state, custodian := r.stateOf(s), c.Who.Has(policy.RoleSupervisor) || c.Who.Has(policy.RoleApprover)
	if c.Who.Has(policy.RoleOversight) || c.Who.Has(policy.RoleContractor) {
		return false
	}
	switch step {
	case "verify":
		return state == "filed"
	case "answer":
		cam, ok := c.World.Camera(s.Camera)
		return state == "verified" && custodian && s.VerifiedBy != c.Who.ID && ok && c.Knows(cam)
	case "look":
		return state == "agreed" && s.CustodianApprovedBy == c.Who.ID
	}
	return false
}

func (r *room) view(c *front.Caller, s *policy.SubjectRequest) SubjectView {
	v := SubjectView{
		ID: s.ID, State: r.stateOf(s), Name: s.Name, Contact: s.Contact, Where: s.Where, From: s.From, To: s.To, Reason: s.Reason,
		Filed: s.Filed, Until: s.Until, Verifier: s.VerifiedBy, How: s.VerifiedHow, Custodian: s.CustodianApprovedBy, Note: s.Note,
		MayVerify: r.may(c, s, "verify"), MayAnswer: r.may(c, s, "answer"), MayLook: r.may(c, s, "look"),
	}
	if cam, ok := c.World.Camera(s.Camera); ok {
		v.Camera, v.CameraName = cam.CameraID(), cam.NameIn(c.Lang)
	}
	v.VerifierName, v.CustodianName = c.NameOf(s.VerifiedBy), c.NameOf(s.CustodianApprovedBy)
	v.Marks = []Mark{}
	if v.MayLook {
		v.Marks = marksOf(s.Marks)
	}
	return v
}

func (r *room) list(_ context.Context, c *front.Caller, _ *struct{}) (*subjectsOutput, error) {
	if err := desk(c); err != nil {
		return nil, err
	}
	out := &subjectsOutput{}
	out.Body.Requests = []SubjectView{}
	for _, s := range c.World.SubjectRequests() {
		if !s.Filed.IsZero() {
			out.Body.Requests = append(out.Body.Requests, r.view(c, s))
		}
	}
	slices.SortFunc(out.Body.Requests, func(a, b SubjectView) int { return b.Filed.Compare(a.Filed) })
	out.Body.Requests = out.Body.Requests[:min(len(out.Body.Requests), mostOpen)]
	return out, nil
}

// find returns a request for which the caller may take the step.
func (r *room) find(c *front.Caller, id, step string) (*policy.SubjectRequest, error) {
	if err := desk(c); err != nil {
		return nil, err
	}
	s, ok := c.World.SubjectRequest(id)
	if !ok || s.Filed.IsZero() {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no request %q", id)
	}
	if !r.may(c, s, step) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "this step is not yours to take: the request is %s, and verifier and custodian are two people", r.stateOf(s))
	}
	return s, nil
}

type subjectVerifyInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Camera shouwang.CameraID `json:"camera" minLength:"1" maxLength:"64" doc:"A department's camera"`
		From   time.Time         `json:"from"`
		To     time.Time         `json:"to"`
		How    string            `json:"how" minLength:"2" maxLength:"200" doc:"How the person's identity was verified, as: identity card shown"`
	}
}

// verify notes who saw the person's papers. From here on the person is a
// principal of the township, without an account.
func (r *room) verify(ctx context.Context, c *front.Caller, in *subjectVerifyInput) (*subjectOutput, error) {
	old, err := r.find(c, in.ID, "verify")
	if err != nil {
		return nil, err
	}
	cam, err := c.Camera(in.Body.Camera)
	if err != nil {
		return nil, err
	}
	if cam.LegalClass != shouwang.ClassPublic {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "camera %q is no department's: its owner is asked, not the township", in.Body.Camera)
	}
	if err := checkSpan(shouwang.Span{From: in.Body.From, To: in.Body.To}, r.Now()); err != nil {
		return nil, err
	}
	if !plain(in.Body.How) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "write plain text, without control characters")
	}
	s := *old
	s.Camera, s.From, s.To, s.Verified, s.VerifiedBy, s.VerifiedHow = cam.ID, in.Body.From, in.Body.To, true, c.Who.ID, in.Body.How
	s.Subject = policy.FilmedPrefix + s.ID
	if err := r.Store.PutPrincipal(context.WithoutCancel(ctx), policy.Principal{ID: s.Subject, Type: policy.TypeResident, Name: s.Name}); err != nil {
		return nil, err
	}
	return r.put(ctx, c, &s, "identity verified")
}

type subjectAnswerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Agree bool   `json:"agree"`
		Note  string `json:"note,omitempty" maxLength:"500"`
	}
}

func (r *room) answer(ctx context.Context, c *front.Caller, in *subjectAnswerInput) (*subjectOutput, error) {
	old, err := r.find(c, in.ID, "answer")
	if err != nil {
		return nil, err
	}
	if age := c.Session.SecondFactorAge(r.Now()); in.Body.Agree && (age <= 0 || age > freshFactor.Seconds()) {
		d := policy.Decision{Reasons: []policy.Reason{policy.ReasonSecondFactor}}
		return nil, front.Denial(&d, r.TextFor(c, &d))
	}
	s := *old
	s.Note, s.Refused = in.Body.Note, !in.Body.Agree
	step := "refused"
	if s.Refused {
		s.Closed = r.Now()
	}
	if in.Body.Agree {
		s.CustodianApprovedBy, step = c.Who.ID, "agreed"
	}
	return r.put(ctx, c, &s, step)
}

// put logs a step and then carries it out.
func (r *room) put(ctx context.Context, c *front.Caller, s *policy.SubjectRequest, step string) (*subjectOutput, error) {
	_, err := r.looks.Append(ctx, policy.Entry{
		At: r.Now(), Kind: "subject_request", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.Playback, Camera: s.Camera,
		From: s.From, To: s.To, Detail: step + " " + s.ID,
	})
	if err != nil {
		return nil, err
	}
	if err := r.Store.PutSubjectRequest(context.WithoutCancel(ctx), *s); err != nil {
		return nil, err
	}
	return &subjectOutput{Body: r.view(c, s)}, nil
}

type subjectLookInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Width int `json:"width,omitempty" minimum:"0" maximum:"1920"`
	}
}

type subjectLookOutput struct{ Body evidence.Play }

// look begins the look; its pieces are fetched as of any other play, by the
// custodian's own session alone.
func (r *room) look(ctx context.Context, c *front.Caller, in *subjectLookInput) (*subjectLookOutput, error) {
	s, err := r.find(c, in.ID, "look")
	if err != nil {
		return nil, err
	}
	play, err := r.Player.OpenSupervised(ctx, c, s, in.Body.Width)
	if err != nil {
		return nil, err
	}
	return &subjectLookOutput{play}, nil
}
