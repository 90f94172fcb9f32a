package cases

import (
	"context"
	"fmt"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type sheetInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"200"`
		Sheet
	}
}

func (r *Room) writeSheet(ctx context.Context, c *front.Caller, in *sheetInput) (*fileOutput, error) {
	cs, err := r.writable(c, in.ID)
	if err != nil {
		return nil, err
	}
	if second := in.Body.Second; second != "" {
		if err := approves(c, second); err != nil {
			return nil, err
		}
	}
	if err := r.deps.Book.SetSheet(ctx, cs.ID, c.Who.ID, in.Body.Sheet); err != nil {
		return nil, err
	}
	if in.Body.Title != cs.Title {
		next := *cs
		next.Title = in.Body.Title
		if err := r.deps.Desk.PutCase(ctx, c.Who.ID, &next); err != nil {
			return nil, fmt.Errorf("rename case: %w", err)
		}
	}
	return r.again(ctx, c, cs.ID)
}

// approves reports, as an error, that somebody cannot be the second person.
// Whether they are independent is for the gate to say when it comes to it.
func approves(c *front.Caller, id string) error {
	p, ok := c.World.Principal(id)
	if !ok || p.Type != policy.TypeOfficer || p.ID == c.Who.ID {
		return shouwang.Errorf(shouwang.CodeBadUsage, "name another officer as the second person")
	}
	return nil
}

// again answers with the file as it stands after a change.
func (r *Room) again(ctx context.Context, c *front.Caller, id string) (*fileOutput, error) {
	fresh := *c
	fresh.World = r.front.World()
	return r.file(ctx, &fresh, &idInput{ID: id})
}

type itemInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Kind   string            `json:"kind" enum:"clip,still,note"`
		Camera shouwang.CameraID `json:"camera,omitempty" maxLength:"64"`
		From   time.Time         `json:"from,omitempty"`
		To     time.Time         `json:"to,omitempty"`
		Text   string            `json:"text,omitempty" maxLength:"4000"`
	}
}

func (r *Room) addItem(ctx context.Context, c *front.Caller, in *itemInput) (*fileOutput, error) {
	cs, err := r.writable(c, in.ID)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	span := shouwang.Span{From: b.From, To: b.To}
	if b.Kind == "still" {
		span.To = span.From
	}
	if err := fits(c, b.Kind, b.Camera, span, b.Text, r.front.Now()); err != nil {
		return nil, err
	}
	item := Item{ID: front.NewID("item"), Case: cs.ID, Kind: b.Kind, Camera: b.Camera, Span: span, Text: b.Text, By: c.Who.ID, At: r.front.Now()}
	if err := r.deps.Book.Add(ctx, item); err != nil {
		return nil, err
	}
	return r.again(ctx, c, cs.ID)
}

// fits checks what is to be gathered.
func fits(c *front.Caller, kind string, camera shouwang.CameraID, span shouwang.Span, text string, now time.Time) error {
	if kind == "note" && camera == "" {
		if text == "" {
			return shouwang.Errorf(shouwang.CodeBadUsage, "write something into the note")
		}
		return nil
	}
	if _, err := c.Camera(camera); err != nil {
		return err
	}
	switch {
	case kind == "note":
		return nil
	case span.From.IsZero() || span.From.After(now):
		return shouwang.Errorf(shouwang.CodeBadUsage, "say which moment of the recording")
	case kind == "clip" && (span.Empty() || span.Duration() > time.Hour):
		return shouwang.Errorf(shouwang.CodeBadUsage, "a clip is a stretch between from and to of at most an hour")
	}
	return nil
}

type itemIDInput struct {
	ID   string `path:"id" maxLength:"64"`
	Item string `path:"item" maxLength:"64"`
}

func (r *Room) removeItem(ctx context.Context, c *front.Caller, in *itemIDInput) (*fileOutput, error) {
	cs, err := r.writable(c, in.ID)
	if err != nil {
		return nil, err
	}
	if err := r.deps.Book.Remove(ctx, cs.ID, in.Item, c.Who.ID); err != nil {
		return nil, err
	}
	return r.again(ctx, c, cs.ID)
}

type memberInput struct {
	ID        string `path:"id" maxLength:"64"`
	Principal string `path:"principal" maxLength:"64"`
}

func (r *Room) addMember(ctx context.Context, c *front.Caller, in *memberInput) (*fileOutput, error) {
	cs, err := r.writable(c, in.ID)
	if err != nil {
		return nil, err
	}
	p, ok := c.World.Principal(in.Principal)
	if !ok || p.Type != policy.TypeOfficer || p.Has(policy.RoleContractor) || p.Has(policy.RoleOversight) {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "only officers who may look become members")
	}
	if slices.Contains(cs.Members, p.ID) {
		return r.again(ctx, c, cs.ID)
	}
	return r.setMembers(ctx, c, cs, append(slices.Clone(cs.Members), p.ID), "member_added", p.ID)
}

func (r *Room) removeMember(ctx context.Context, c *front.Caller, in *memberInput) (*fileOutput, error) {
	cs, err := r.writable(c, in.ID)
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(slices.Clone(cs.Members), func(id string) bool { return id == in.Principal })
	if len(rest) == len(cs.Members) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "%s is no member of the case", in.Principal)
	}
	if len(rest) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "a case keeps one member; close it instead")
	}
	return r.setMembers(ctx, c, cs, rest, "member_removed", in.Principal)
}

func (r *Room) setMembers(ctx context.Context, c *front.Caller, cs *policy.Case, members []string, did, who string) (*fileOutput, error) {
	next := *cs
	next.Members = members
	if err := r.deps.Desk.PutCase(ctx, c.Who.ID, &next); err != nil {
		return nil, fmt.Errorf("change members: %w", err)
	}
	if err := r.deps.Book.Note(ctx, cs.ID, c.Who.ID, did, who); err != nil {
		return nil, err
	}
	if !slices.Contains(members, c.Who.ID) && !r.front.World().OnCase(c.Who, &next) {
		return &fileOutput{Body: CaseFile{ID: cs.ID, Members: []Colleague{}, Items: []CaseItem{}}}, nil // who left reads it no more
	}
	return r.again(ctx, c, cs.ID)
}
