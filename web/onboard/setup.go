package onboard

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Source is one stream of a camera as a page shows and sends it. An address
// comes without its credentials; one that is sent back as it came keeps them.
type Source struct {
	Kind shouwang.StreamKind    `json:"kind" enum:"main,sub"`
	URL  string                 `json:"url,omitempty" maxLength:"1024"`
	Push bool                   `json:"push,omitempty"`
	Link *shouwang.StreamStatus `json:"link,omitempty" readOnly:"true"`
}

// Setup is a camera as a technician sees it.
type Setup struct {
	ID          shouwang.CameraID   `json:"id" readOnly:"true"`
	Name        string              `json:"name" minLength:"1" maxLength:"128"`
	NameEn      string              `json:"name_en,omitempty" maxLength:"128"`
	Place       shouwang.PlaceID    `json:"place" minLength:"1" maxLength:"64"`
	Position    shouwang.Position   `json:"position"`
	Aim         *shouwang.Aim       `json:"aim,omitempty"`
	LegalClass  shouwang.LegalClass `json:"legal_class" enum:"public,premises,resident"`
	Mount       string              `json:"mount" enum:"own_premises,shared_premises,public"`
	Owner       string              `json:"owner" minLength:"1" maxLength:"64"`
	Sign        bool                `json:"sign"`
	Quarantined bool                `json:"quarantined" readOnly:"true"`
	ViewWaiting bool                `json:"view_waiting" readOnly:"true" doc:"Nothing of it is used before two people have approved what it sees"`
	Filing      *policy.Filing      `json:"filing,omitempty"`
	Sources     []Source            `json:"sources" minItems:"1" maxItems:"2"`
	Consents    int                 `json:"consents" readOnly:"true" doc:"Consents in force: with none, nothing is analysed, recorded or shown"`
}

type setupsOutput struct {
	Body struct {
		Cameras []Setup `json:"cameras"`
	}
}

type idInput struct {
	ID shouwang.CameraID `path:"id" maxLength:"64"`
}

type setupInput struct {
	ID       shouwang.CameraID `path:"id" maxLength:"64"`
	Untested bool              `query:"untested" doc:"Save without trying the addresses, as for a camera that is not up yet"`
	Body     struct {
		Setup
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"Needed where somebody reaches more by another place, owner or basis"`
	}
}

type setupOutput struct {
	Body struct {
		Camera   Setup           `json:"camera" doc:"As it is now"`
		Seen     map[string]Seen `json:"seen" doc:"What each new address was seen to send, by kind"`
		Findings []Finding       `json:"findings"`
		Proposal string          `json:"proposal,omitempty" doc:"Waits for the oversight: where the camera hangs, whose it is and its basis stay as they were until then"`
	}
}

type tokenOutput struct {
	Body struct {
		User  string `json:"user"`
		Token string `json:"token" doc:"The publish password; shown once"`
		Path  string `json:"path"`
	}
}

func (r *room) list(ctx context.Context, c *front.Caller, _ *struct{}) (*setupsOutput, error) {
	cameras, err := r.deps.Register.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	out := &setupsOutput{}
	out.Body.Cameras = make([]Setup, 0, len(cameras))
	links := r.links()
	for i := range cameras {
		out.Body.Cameras = append(out.Body.Cameras, r.view(c, &cameras[i], links))
	}
	slices.SortFunc(out.Body.Cameras, func(a, b Setup) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

type linkKey struct {
	camera shouwang.CameraID
	kind   shouwang.StreamKind
}

func (r *room) links() map[linkKey]shouwang.StreamStatus {
	out := map[linkKey]shouwang.StreamStatus{}
	for _, s := range r.deps.Status() {
		out[linkKey{s.Camera, s.Stream}] = s
	}
	return out
}

func (r *room) view(c *front.Caller, cam *Camera, links map[linkKey]shouwang.StreamStatus) Setup {
	s := Setup{
		ID: cam.ID, Name: cam.Name, NameEn: cam.NameEn, Place: cam.Place, Position: cam.Position, Aim: cam.Aim, LegalClass: cam.Class,
		Mount: cam.Mount, Owner: cam.Owner, Sign: cam.Sign, Quarantined: cam.Quarantined, Filing: cam.Filing, Sources: []Source{},
	}
	for _, src := range cam.Sources {
		one := Source{Kind: src.Kind, Push: src.Push}
		if !src.Push {
			one.URL = shouwang.RedactURL(src.URL)
		}
		if link, ok := links[linkKey{cam.ID, src.Kind}]; ok {
			one.Link = &link
		}
		s.Sources = append(s.Sources, one)
	}
	s.ViewWaiting = c.World.ViewWaiting(policy.CameraResource(cam.ID))
	for _, consent := range c.World.CurrentConsents(policy.CameraResource(cam.ID)) {
		if consent.State == policy.Given || consent.State == policy.Renewed {
			s.Consents++
		}
	}
	return s
}

// old returns the camera of that id as it is, nil when there is none.
func (r *room) old(ctx context.Context, id shouwang.CameraID) (*Camera, error) {
	cameras, err := r.deps.Register.Cameras(ctx)
	if err != nil {
		return nil, err
	}
	for i := range cameras {
		if cameras[i].ID == id {
			return &cameras[i], nil
		}
	}
	return nil, nil
}

func (r *room) put(ctx context.Context, c *front.Caller, in *setupInput) (*setupOutput, error) {
	if !in.ID.Valid() {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "camera id %q: write lower-case letters, digits, dots and hyphens, at most 64", in.ID)
	}
	old, err := r.old(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	cam, fresh, err := r.camera(in, old)
	if err != nil {
		return nil, err
	}
	wanted, gives, err := hung(c.World, &cam, old, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &setupOutput{}
	out.Body.Seen, out.Body.Findings = map[string]Seen{}, []Finding{}
	for _, src := range fresh {
		found, err := r.tried(ctx, c, src, len(cam.Sources) == 1 || src.Kind == shouwang.StreamSub, in.Untested, out.Body.Seen)
		if err != nil {
			return nil, err
		}
		out.Body.Findings = append(out.Body.Findings, found...)
	}
	if err := refused(c, out.Body.Findings); err != nil {
		return nil, err
	}
	if err := r.save(ctx, c, &cam, old == nil); err != nil {
		return nil, err
	}
	if gives {
		if out.Body.Proposal, err = r.deps.Proposals.ProposeCamera(ctx, c, wanted, in.Body.Reason); err != nil {
			return nil, err
		}
	}
	out.Body.Camera = r.view(c, &cam, r.links())
	return out, nil
}

// save keeps the camera, unless somebody would reach more by it by now.
func (r *room) save(ctx context.Context, c *front.Caller, cam *Camera, added bool) error {
	if err := r.deps.Register.Put(ctx, *cam, func(w *policy.World) error { return givesNobody(w, cam) }); err != nil {
		return err
	}
	what := "changed"
	if added {
		what = "added"
	}
	r.note(ctx, c, policy.CameraResource(cam.ID), what)
	return nil
}

// tried looks at a new address before it is saved; untested saves without, but
// never with a password from the factory.
func (r *room) tried(ctx context.Context, c *front.Caller, src shouwang.Source, analysed, untested bool, into map[string]Seen) ([]Finding, error) {
	if src.Push {
		return nil, nil
	}
	if list := credentials(src.URL, r.deps.Field.Factory); untested || refused(c, list) != nil {
		return list, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	seen, err := r.deps.Field.Look(ctx, src.URL)
	if err != nil {
		return nil, outward(c, err)
	}
	into[string(src.Kind)] = seen
	return findings(&seen, src.URL, r.deps.Field.Factory, analysed), nil
}

// camera is what the body says, with the credentials of addresses that came
// back as they were shown, and the sources that are new.
func (r *room) camera(in *setupInput, old *Camera) (cam Camera, fresh []shouwang.Source, err error) {
	b := &in.Body.Setup
	cam = Camera{NameEn: b.NameEn, Filing: b.Filing, Camera: shouwang.Camera{
		ID: in.ID, Name: b.Name, Place: b.Place, Position: b.Position, Aim: b.Aim, Class: b.LegalClass, Mount: b.Mount, Owner: b.Owner, Sign: b.Sign,
	}}
	if old != nil {
		cam.Masks, cam.Quarantined = old.Masks, old.Quarantined
	}
	if !b.Position.Valid() {
		return cam, nil, shouwang.Errorf(shouwang.CodeBadUsage, "the position is not on the earth: latitude -90 to 90, longitude -180 to 180 degrees")
	}
	for _, s := range b.Sources {
		src := shouwang.Source{Kind: s.Kind, URL: strings.TrimSpace(s.URL), Push: s.Push}
		kept := false
		if old != nil {
			for _, was := range old.Sources {
				if was.Kind == s.Kind && was.Push == s.Push && (s.Push || shouwang.RedactURL(was.URL) == src.URL || was.URL == src.URL) {
					src, kept = was, true
				}
			}
		}
		cam.Sources = append(cam.Sources, src)
		if !kept {
			fresh = append(fresh, src)
		}
	}
	return cam, fresh, nil
}

func (r *room) remove(ctx context.Context, c *front.Caller, in *idInput) (*struct{}, error) {
	if err := r.deps.Register.Remove(ctx, in.ID); err != nil {
		return nil, err
	}
	r.note(ctx, c, policy.CameraResource(in.ID), "removed")
	return nil, nil
}

func (r *room) token(ctx context.Context, c *front.Caller, in *idInput) (*tokenOutput, error) {
	token, err := r.deps.Register.NewPublishToken(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	r.note(ctx, c, policy.CameraResource(in.ID), "new publish password")
	out := &tokenOutput{}
	out.Body.User, out.Body.Token, out.Body.Path = string(in.ID), token, "/push/"+string(in.ID)
	return out, nil
}
