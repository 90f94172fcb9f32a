// Package rules is the room in which a camera's rules are drawn: zones and lines
// in the picture, and what happens there that is an event. It shows no picture;
// who draws looks at one through the view gate or live, as anybody must.
package rules

import (
	"context"
	"net/http"
	"slices"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Rule is one rule of a camera, as docs/operate/rules.md has it. A zero number
// means the kind's default.
type Rule struct {
	Name      string             `json:"name" minLength:"1" maxLength:"64"`
	Kind      shouwang.EventKind `json:"kind" enum:"intrusion,line_crossing,loitering,left_object,removed_object,parked,crowd,tamper"`
	Zone      shouwang.Polygon   `json:"zone,omitempty" maxItems:"64" doc:"Where it looks, in fractions of width and height; everywhere when absent"`
	Line      []shouwang.Point   `json:"line,omitempty" maxItems:"2"`
	Direction string             `json:"direction,omitempty" enum:"left,right" doc:"The side reached, seen from the line's first point towards its second; both when absent"`
	Seconds   float64            `json:"seconds,omitempty" minimum:"0" maximum:"86400"`
	Count     int                `json:"count,omitempty" minimum:"0" maximum:"1000"`
	Density   float64            `json:"density,omitempty" minimum:"0" maximum:"1"`
	MinArea   float64            `json:"min_area,omitempty" minimum:"0" maximum:"1" doc:"Least share of the picture that counts"`
	MaxArea   float64            `json:"max_area,omitempty" minimum:"0" maximum:"1"`
}

// Sheet is a camera's rules as they are kept.
type Sheet struct {
	Rules []Rule
	// Revision names this state of them, "" where there are none yet.
	Revision string
	// Fault says why what is kept cannot be used; then those in force are the
	// ones before it.
	Fault string
}

// Files keeps cameras' rules; the analyzers follow what is kept. Write errors:
// CodeBadUsage for rules that cannot work, CodeConflict when the revision is no
// longer the one given.
type Files interface {
	Read(ctx context.Context, camera shouwang.CameraID) (Sheet, error)
	Write(ctx context.Context, camera shouwang.CameraID, revision string, list []Rule) (Sheet, error)
}

// Log is the access log; an entry is durable when Append returned.
type Log interface {
	Append(ctx context.Context, e policy.Entry) (uint64, error)
}

type room struct {
	*front.Front
	files Files
	log   Log
}

// most is how many rules a camera may have.
const most = 32

// Routes returns what registers the room's operations.
func Routes(files Files) func(*front.Front, *look.Looks) {
	return func(f *front.Front, l *look.Looks) {
		r := &room{f, files, l}
		op := func(id, method, path, summary string) front.Op {
			return front.Op{ID: id, Method: method, Path: path, Tag: "rules", Summary: summary}
		}
		front.Route(f, op("listRules", http.MethodGet, "/api/rules", "The cameras whose rules one may draw, and how many each has"), front.SignedIn, r.list)
		front.Route(f, op("getRules", http.MethodGet, "/api/rules/{camera}", "A camera's rules, defaults filled in"), front.SignedIn, r.get)
		front.Route(f, op("putRules", http.MethodPut, "/api/rules/{camera}", "Replace a camera's rules; in force within seconds, and in the access log before"), front.SignedIn, r.put)
	}
}

// may reports, as an error, that the caller draws no rules: dispatchers and
// supervisors on duty do, who answer the events, and administrators, who keep
// the files and see no picture.
func may(c *front.Caller) error {
	if c.Who.Type == policy.TypeAdministrator {
		return nil
	}
	return c.Works(policy.RoleDispatcher, policy.RoleSupervisor)
}

// RuledCamera is a camera and how many rules it has.
type RuledCamera struct {
	Camera shouwang.CameraID `json:"camera"`
	Name   string            `json:"name"`
	Place  shouwang.PlaceID  `json:"place"`
	Rules  int               `json:"rules"`
	Fault  string            `json:"fault,omitempty"`
}

type ruledOutput struct {
	Body struct {
		Cameras []RuledCamera `json:"cameras"`
	}
}

func (r *room) list(ctx context.Context, c *front.Caller, _ *struct{}) (*ruledOutput, error) {
	if err := may(c); err != nil {
		return nil, err
	}
	out := &ruledOutput{}
	out.Body.Cameras = []RuledCamera{}
	for _, cam := range c.World.Cameras() {
		if !c.Knows(cam) {
			continue
		}
		sheet, err := r.files.Read(ctx, cam.CameraID())
		if err != nil {
			return nil, err
		}
		out.Body.Cameras = append(out.Body.Cameras, RuledCamera{cam.CameraID(), name(c, cam), cam.Place, len(sheet.Rules), sheet.Fault})
	}
	slices.SortFunc(out.Body.Cameras, func(a, b RuledCamera) int {
		if a.Camera < b.Camera {
			return -1
		}
		return 1
	})
	return out, nil
}

func name(c *front.Caller, cam *policy.Camera) string {
	if c.Lang == "en" && cam.NameEn != "" {
		return cam.NameEn
	}
	if cam.Name != "" {
		return cam.Name
	}
	return string(cam.CameraID())
}
