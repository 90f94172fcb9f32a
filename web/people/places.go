package people

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// Places decide who is responsible for which camera. An edit of the tree is
// planned first; it is done at once where nobody reaches more by it, and else
// proposed like any other gift.

// maxFile bounds a township file and an edit, in bytes.
const maxFile = 4 << 20

func (r *Room) placeRoutes(op func(id, method, path, summary string) front.Op) {
	plan := op("planPlaces", http.MethodPost, "/api/places/plan", "What a change of the places, or a township file's places, would do; does nothing")
	change := op("changePlaces", http.MethodPost, "/api/places/change", "Change the places: at once where nobody reaches more, else proposed to the oversight")
	plan.Body, change.Body = maxFile, maxFile
	front.Route(r.Front, plan, front.Administrators, r.planPlaces)
	front.Route(r.Front, change, front.Administrators, r.changePlaces)
}

type planPlacesInput struct {
	Body struct {
		Edit          policy.PlacesEdit `json:"edit,omitzero"`
		File          string            `json:"file,omitempty" doc:"A township file, YAML or JSON, instead of an edit"`
		RemoveMissing bool              `json:"remove_missing,omitempty" doc:"Places that the file leaves out go"`
	}
}

type placesPlannedOutput struct {
	Body struct {
		Edit   policy.PlacesEdit  `json:"edit" doc:"What to send to change it so"`
		Plan   *policy.PlacesPlan `json:"plan"`
		Others []string           `json:"others" doc:"What else stands in the file; only its places are read here"`
	}
}

func (r *Room) planPlaces(_ context.Context, c *front.Caller, in *planPlacesInput) (*placesPlannedOutput, error) {
	out := &placesPlannedOutput{}
	out.Body.Edit, out.Body.Others = in.Body.Edit, []string{}
	if in.Body.File != "" {
		places, others, err := r.Places.ReadPlaces(in.Body.File)
		if err != nil {
			return nil, err
		}
		if len(places) == 0 {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "line 1: the file has no places")
		}
		out.Body.Edit, out.Body.Others = c.World.EditTo(places, in.Body.RemoveMissing), append(out.Body.Others, others...)
	}
	out.Body.Plan = c.World.PlanPlaces(out.Body.Edit)
	return out, nil
}

type changePlacesInput struct {
	Body struct {
		Edit   policy.PlacesEdit `json:"edit"`
		Reason string            `json:"reason,omitempty" maxLength:"500" doc:"Needed where somebody reaches more"`
	}
}

type placesChangedOutput struct {
	Body struct {
		Applied  bool               `json:"applied" doc:"It is in force; else it waits for a second person"`
		Plan     *policy.PlacesPlan `json:"plan"`
		Proposal *ProposalView      `json:"proposal,omitempty"`
	}
}

func (r *Room) changePlaces(ctx context.Context, c *front.Caller, in *changePlacesInput) (*placesChangedOutput, error) {
	out := &placesChangedOutput{}
	edit, plan := in.Body.Edit, c.World.PlanPlaces(in.Body.Edit)
	out.Body.Plan = plan
	if err := refused(plan); err != nil {
		return nil, err
	}
	if len(plan.Gains) > 0 {
		v, err := r.propose(ctx, c, Proposal{Kind: KindPlaces, Places: &edit, Plan: plan, Reason: in.Body.Reason})
		out.Body.Proposal = v
		return out, err
	}
	if err := r.log(ctx, c, "changed places: "+summary(plan)); err != nil {
		return nil, err
	}
	out.Body.Applied = true
	return out, r.Places.ChangePlaces(ctx, edit, func(w *policy.World) error {
		now := w.PlanPlaces(edit)
		if len(now.Gains) > 0 {
			return shouwang.Errorf(shouwang.CodeConflict, "somebody was given a camera or an area meanwhile who would reach more now; look at the change again")
		}
		return refused(now)
	})
}

// refused is the first thing that an edit cannot do, as an error.
func refused(p *policy.PlacesPlan) error {
	if len(p.Refused) == 0 {
		return nil
	}
	r := p.Refused[0]
	return shouwang.Errorf(shouwang.CodeBadUsage, "places: %s: place %q %s; ask for the plan, which names all that stands in the way", r.Code, r.Place, r.Who)
}

// summary counts what happens to places; names stay out of the log.
func summary(p *policy.PlacesPlan) string {
	var what []string
	for _, c := range p.Changes {
		what = append(what, c.What+" "+string(c.Place.ID))
	}
	const most = 8
	if len(what) > most {
		what = append(what[:most], "and more")
	}
	return strings.Join(what, ", ")
}

// asPlanned refuses a change that is another by now than what was proposed.
func (p *Proposal) asPlanned(w *policy.World) error {
	var was, now any = p.Plan, nil
	var err error
	if p.Kind == KindStanding {
		was = p.Camera
		now, err = w.PlanCamera(p.Camera.Is)
	} else {
		now = w.PlanPlaces(*p.Places)
	}
	if err != nil {
		return err
	}
	before, err := json.Marshal(was)
	if err != nil {
		return err
	}
	after, err := json.Marshal(now)
	if err == nil && string(before) != string(after) {
		err = shouwang.Errorf(shouwang.CodeConflict, "places, cameras or people were changed meanwhile, and this would do something else now; have it proposed again")
	}
	return err
}

// about names what a proposal is about, for the log.
func (p *Proposal) about() string {
	switch p.Kind {
	case KindPlaces:
		return "the tree"
	case KindStanding:
		return p.Camera.Is.Camera
	}
	return p.Person.ID
}

// concerns reports whether somebody would have more by the proposal themselves.
func (p *Proposal) concerns(who string) bool {
	return p.Person.ID == who || slices.ContainsFunc(p.gains(), func(g policy.PlaceGain) bool { return g.Who == who })
}

func (p *Proposal) gains() []policy.PlaceGain {
	switch {
	case p.Plan != nil:
		return p.Plan.Gains
	case p.Camera != nil:
		return p.Camera.Gains
	}
	return nil
}
