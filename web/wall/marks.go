package wall

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// MarkView is what was made of an event, with names for people.
type MarkView struct {
	shouwang.Mark
	Assignee *person `json:"assignee,omitempty"`
	Author   *person `json:"author,omitempty"`
}

// Assignee is somebody whom an event can be given to.
type Assignee struct {
	ID     string        `json:"id"`
	Name   string        `json:"name"`
	Roles  []policy.Role `json:"roles"`
	OnDuty bool          `json:"on_duty"`
	Place  string        `json:"place" doc:"Where they work"`
}

type markInput struct {
	ID   shouwang.EventID `path:"id" maxLength:"128"`
	Body struct {
		AssignTo *string `json:"assign_to,omitempty" maxLength:"128" doc:"Who goes there; empty takes it back"`
		Case     *string `json:"case,omitempty" maxLength:"64" doc:"A case of one's own that it belongs to; empty takes it out"`
		Note     *string `json:"note,omitempty" maxLength:"500"`
	}
}

type markOutput struct{ Body MarkView }

type marksOutput struct {
	Body struct {
		Marks []MarkView `json:"marks"`
	}
}

type peopleInput struct {
	Camera shouwang.CameraID `query:"camera" maxLength:"64" doc:"Only those who work where it hangs"`
}

type peopleOutput struct {
	Body struct {
		People []Assignee `json:"people"`
	}
}

func (r *room) markRoutes() {
	front.Route(r.Front, front.Op{ID: "markEvent", Method: http.MethodPost, Path: "/api/events/{id}/mark", Tag: "events", Summary: "Assign an event to somebody, or hand it to a case"}, front.Officers, r.mark)
	front.Route(r.Front, front.Op{ID: "listMarks", Method: http.MethodGet, Path: "/api/wall/marks", Tag: "events", Summary: "What was made of the last day's events before the cameras one may search"}, front.SignedIn, r.listMarks)
	front.Route(r.Front, front.Op{ID: "listAssignees", Method: http.MethodGet, Path: "/api/wall/people", Tag: "desk", Summary: "Who can be sent to an event"}, front.Officers, r.listPeople)
}

func markView(c *front.Caller, m shouwang.Mark) MarkView {
	return MarkView{Mark: m, Assignee: personOf(c, m.AssignedTo), Author: personOf(c, m.By)}
}

func (r *room) mark(ctx context.Context, c *front.Caller, in *markInput) (*markOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleSupervisor); err != nil {
		return nil, err
	}
	camera, err := r.deps.Events.EventCamera(ctx, in.ID)
	if err != nil || !r.maySearch(c, camera) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no event %q that you may know of", in.ID)
	}
	cam, err := c.Camera(camera)
	if err != nil {
		return nil, err
	}
	if err := r.checkMark(c, in, cam); err != nil {
		return nil, err
	}
	m, err := r.deps.Marks.SetMark(ctx, in.ID, camera, c.Who.ID, func(m *shouwang.Mark) {
		for to, from := range map[*string]*string{&m.AssignedTo: in.Body.AssignTo, &m.Case: in.Body.Case, &m.Note: in.Body.Note} {
			if from != nil {
				*to = strings.TrimSpace(*from)
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("keep mark: %w", err)
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskMark, ID: string(in.ID), Camera: camera})
	return &markOutput{Body: markView(c, m)}, nil
}

func (r *room) checkMark(c *front.Caller, in *markInput, cam *policy.Camera) error {
	if to := in.Body.AssignTo; to != nil && *to != "" {
		who, ok := c.World.Principal(*to)
		if !ok || !sendable(who) || !c.World.Places().Within(cam.Place, who.Jurisdiction) {
			return shouwang.Errorf(shouwang.CodeBadUsage, "%q cannot be sent to this camera's place; choose somebody who works there", *to)
		}
	}
	if id := in.Body.Case; id != nil && *id != "" {
		cs, ok := c.World.Case(*id)
		if !ok || !cs.Open || !slices.Contains(cs.Members, c.Who.ID) {
			return shouwang.Errorf(shouwang.CodeBadUsage, "%q is no open case of yours; open one first", *id)
		}
	}
	return nil
}

// sendable reports whether somebody goes out: grid workers, patrols and their
// supervisors.
func sendable(p *policy.Principal) bool {
	return p.Type == policy.TypeOfficer && (p.Has(policy.RoleGridWorker) || p.Has(policy.RoleSupervisor) || p.Has(policy.RoleInvestigator))
}

// marksFor is how far back marks are told.
const marksFor = 24 * time.Hour

func (r *room) listMarks(ctx context.Context, c *front.Caller, _ *struct{}) (*marksOutput, error) {
	if err := atDesk(c); err != nil {
		return nil, err
	}
	all, err := r.deps.Marks.Marks(ctx, r.Now().Add(-marksFor))
	if err != nil {
		return nil, fmt.Errorf("list marks: %w", err)
	}
	out := &marksOutput{}
	out.Body.Marks = []MarkView{}
	may := map[shouwang.CameraID]bool{}
	for _, m := range all {
		if _, asked := may[m.Camera]; !asked {
			may[m.Camera] = r.maySearch(c, m.Camera)
		}
		if may[m.Camera] {
			out.Body.Marks = append(out.Body.Marks, markView(c, m))
		}
	}
	return out, nil
}

func (r *room) listPeople(_ context.Context, c *front.Caller, in *peopleInput) (*peopleOutput, error) {
	out := &peopleOutput{}
	out.Body.People = []Assignee{}
	places := c.World.Places()
	var at shouwang.PlaceID
	if in.Camera != "" {
		cam, err := c.Camera(in.Camera)
		if err != nil {
			return nil, err
		}
		at = cam.Place
	}
	for _, p := range c.World.Principals() {
		if at != "" && !places.Within(at, p.Jurisdiction) {
			continue
		}
		if !sendable(p) || !within(c, p.Jurisdiction) && !places.Within(c.Who.Jurisdiction, p.Jurisdiction) {
			continue
		}
		place := places[p.Jurisdiction]
		name := place.Name
		if c.Lang == "en" && place.NameEn != "" {
			name = place.NameEn
		}
		out.Body.People = append(out.Body.People, Assignee{
			ID: p.ID, Name: personOf(c, p.ID).Name, Roles: append([]policy.Role{}, p.Roles...), OnDuty: p.OnDuty, Place: name,
		})
	}
	slices.SortFunc(out.Body.People, func(a, b Assignee) int {
		if a.OnDuty != b.OnDuty {
			if a.OnDuty {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}
