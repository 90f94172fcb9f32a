package cases

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Room serves the files of cases. Make it with New and put it on a server with
// Register.
type Room struct {
	deps  Deps
	front *front.Front
}

// New returns a room over its neighbours.
func New(deps Deps) *Room { return &Room{deps: deps} }

// Register puts the room's operations on the kernel; it is for web.Deps.Rooms.
func (r *Room) Register(f *front.Front, _ *look.Looks) {
	r.front = f
	op := func(id, method, path, summary string) front.Op {
		return front.Op{ID: id, Method: method, Path: path, Tag: "cases", Summary: summary}
	}
	front.Route(f, op("caseFile", http.MethodGet, "/api/cases/{id}/file", "A case with what was gathered for it"), front.Officers, r.file)
	front.Route(f, op("caseHistory", http.MethodGet, "/api/cases/{id}/history", "Everything done in a case, newest first"), front.Officers, r.history)
	front.Route(f, op("colleagues", http.MethodGet, "/api/colleagues", "Officers who may be made members or asked to approve"), front.Officers, r.colleagues)
	front.Route(f, op("writeCaseSheet", http.MethodPut, "/api/cases/{id}/sheet", "Write a case's title, legal basis, summary and second person"), front.Officers, r.writeSheet)
	front.Route(f, op("addCaseItem", http.MethodPost, "/api/cases/{id}/items", "Gather a clip, a still or a note"), front.Officers, r.addItem)
	front.Route(f, op("removeCaseItem", http.MethodDelete, "/api/cases/{id}/items/{item}", "Take something out of a case; its history keeps it"), front.Officers, r.removeItem)
	front.Route(f, op("addCaseMember", http.MethodPut, "/api/cases/{id}/members/{principal}", "Make a colleague a member"), front.Officers, r.addMember)
	front.Route(f, op("removeCaseMember", http.MethodDelete, "/api/cases/{id}/members/{principal}", "Take a member out"), front.Officers, r.removeMember)
}

// Colleague is an officer as colleagues see one.
type Colleague struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Unit  string        `json:"unit,omitempty"`
	Roles []policy.Role `json:"roles"`
	Duty  bool          `json:"on_duty"`
}

// CaseItem is an item as a page shows it.
type CaseItem struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind" enum:"clip,still,note"`
	Camera     shouwang.CameraID `json:"camera,omitempty"`
	CameraName string            `json:"camera_name,omitempty"`
	From       time.Time         `json:"from,omitzero"`
	To         time.Time         `json:"to,omitzero"`
	Text       string            `json:"text,omitempty"`
	By         Colleague         `json:"by"`
	At         time.Time         `json:"at"`
	// Keys is what has become of the recording, Until when it is deleted unless
	// somebody holds it.
	Keys    policy.KeyState `json:"key_state,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Removed time.Time       `json:"removed,omitzero"`
}

// CaseFile is a case with what was gathered for it.
type CaseFile struct {
	ID      string      `json:"id"`
	Type    string      `json:"type"`
	Title   string      `json:"title,omitempty"`
	Open    bool        `json:"open"`
	Opened  time.Time   `json:"opened"`
	Closed  time.Time   `json:"closed,omitzero"`
	Sheet   Sheet       `json:"sheet"`
	Members []Colleague `json:"members"`
	Items   []CaseItem  `json:"items"`
	Writes  bool        `json:"writes" doc:"Whether the caller may change it"`
}

type idInput struct {
	ID string `path:"id" maxLength:"64"`
}

type fileOutput struct{ Body CaseFile }

// kase finds a case that the caller belongs to; any other is not found.
func (r *Room) kase(c *front.Caller, id string) (*policy.Case, error) {
	cs, ok := c.World.Case(id)
	if !ok || !c.World.OnCase(c.Who, cs) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no case %q of yours", id)
	}
	return cs, nil
}

// writable is kase for whoever changes it: a member of an open case.
func (r *Room) writable(c *front.Caller, id string) (*policy.Case, error) {
	cs, err := r.kase(c, id)
	if err != nil {
		return nil, err
	}
	if !cs.Open {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "the case is closed: nothing is added to it any more")
	}
	if !slices.Contains(cs.Members, c.Who.ID) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "only members change a case; ask one of them to make you one")
	}
	return cs, nil
}

func (r *Room) file(ctx context.Context, c *front.Caller, in *idInput) (*fileOutput, error) {
	cs, err := r.kase(c, in.ID)
	if err != nil {
		return nil, err
	}
	out := &fileOutput{Body: CaseFile{
		ID: cs.ID, Type: cs.Type, Title: cs.Title, Open: cs.Open, Opened: cs.Opened, Closed: cs.Closed,
		Writes: cs.Open && slices.Contains(cs.Members, c.Who.ID), Members: []Colleague{}, Items: []CaseItem{},
	}}
	for _, id := range cs.Members {
		out.Body.Members = append(out.Body.Members, r.person(c, id))
	}
	if out.Body.Sheet, err = r.deps.Book.Sheet(ctx, cs.ID); err != nil {
		return nil, err
	}
	items, err := r.deps.Book.Items(ctx, cs.ID)
	if err != nil {
		return nil, err
	}
	for i := range items {
		v, err := r.itemView(ctx, c, &items[i])
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, v)
	}
	return out, nil
}

func (r *Room) itemView(ctx context.Context, c *front.Caller, i *Item) (CaseItem, error) {
	v := CaseItem{
		ID: i.ID, Kind: i.Kind, Camera: i.Camera, From: i.From, To: i.To, Text: i.Text, By: r.person(c, i.By), At: i.At, Removed: i.Removed,
	}
	if i.Camera == "" {
		return v, nil
	}
	v.CameraName = cameraName(c, i.Camera)
	if i.From.IsZero() {
		return v, nil
	}
	span := i.Span
	if !span.To.After(span.From) {
		span.To = span.From.Add(time.Millisecond)
	}
	kept, err := r.deps.Footage.Kept(ctx, i.Camera, span)
	if err != nil {
		return v, fmt.Errorf("read what is kept: %w", err)
	}
	v.Keys, v.Until = kept.Keys, kept.Until
	return v, nil
}

func cameraName(c *front.Caller, id shouwang.CameraID) string {
	cam, ok := c.World.Camera(policy.CameraResource(id))
	if !ok {
		return string(id)
	}
	return cam.NameIn(c.Lang)
}

func (r *Room) person(c *front.Caller, id string) Colleague {
	p, ok := c.World.Principal(id)
	if !ok {
		return Colleague{ID: id, Name: id, Roles: []policy.Role{}}
	}
	return personOf(c, p)
}

func personOf(c *front.Caller, p *policy.Principal) Colleague {
	v := Colleague{ID: p.ID, Name: p.Name, Roles: append([]policy.Role{}, p.Roles...), Duty: p.OnDuty}
	if c.Lang == "en" && p.NameEn != "" {
		v.Name = p.NameEn
	}
	if v.Name == "" {
		v.Name = p.ID
	}
	if u, ok := c.World.Unit(p.Unit); ok {
		if v.Unit = u.Name; c.Lang == "en" && u.NameEn != "" {
			v.Unit = u.NameEn
		}
	}
	return v
}

type colleaguesOutput struct {
	Body struct {
		People []Colleague `json:"people"`
	}
}

// colleagues lists officers whose area has something to do with the caller's,
// without those who never see a picture.
func (r *Room) colleagues(_ context.Context, c *front.Caller, _ *struct{}) (*colleaguesOutput, error) {
	out := &colleaguesOutput{}
	out.Body.People = []Colleague{}
	places := c.World.Places()
	for _, p := range c.World.Principals() {
		near := places.Within(p.Jurisdiction, c.Who.Jurisdiction) || places.Within(c.Who.Jurisdiction, p.Jurisdiction)
		if p.Type == policy.TypeOfficer && near && !p.Has(policy.RoleContractor) && !p.Has(policy.RoleOversight) {
			out.Body.People = append(out.Body.People, personOf(c, p))
		}
	}
	slices.SortFunc(out.Body.People, func(a, b Colleague) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}
