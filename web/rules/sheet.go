package rules

import (
	"context"
	"fmt"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

type ruledInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
}

// SheetView is a camera's rules as a page shows and changes them.
type SheetView struct {
	Camera   shouwang.CameraID `json:"camera"`
	Name     string            `json:"name"`
	Rules    []Rule            `json:"rules"`
	Revision string            `json:"revision" doc:"To be named when they are replaced"`
	Fault    string            `json:"fault,omitempty" doc:"Why the file cannot be used; the rules before it are in force"`
}

type sheetOutput struct{ Body SheetView }

func (r *room) get(ctx context.Context, c *front.Caller, in *ruledInput) (*sheetOutput, error) {
	cam, err := camera(c, in.Camera)
	if err != nil {
		return nil, err
	}
	sheet, err := r.files.Read(ctx, cam.CameraID())
	if err != nil {
		return nil, err
	}
	return sheetOf(c, cam, sheet), nil
}

func camera(c *front.Caller, id shouwang.CameraID) (*policy.Camera, error) {
	if err := may(c); err != nil {
		return nil, err
	}
	return c.Camera(id)
}

func sheetOf(c *front.Caller, cam *policy.Camera, s Sheet) *sheetOutput {
	v := SheetView{Camera: cam.CameraID(), Name: name(c, cam), Rules: s.Rules, Revision: s.Revision, Fault: s.Fault}
	if v.Rules == nil {
		v.Rules = []Rule{}
	}
	return &sheetOutput{Body: v}
}

type putRulesInput struct {
	Camera shouwang.CameraID `path:"camera" maxLength:"64"`
	Body   struct {
		Revision string `json:"revision" maxLength:"80" doc:"That of the rules which are replaced"`
		Rules    []Rule `json:"rules" maxItems:"32"`
	}
}

// put replaces a camera's rules. Who did is in the access log before they are
// in force: rules decide what is noticed of people.
func (r *room) put(ctx context.Context, c *front.Caller, in *putRulesInput) (*sheetOutput, error) {
	cam, err := camera(c, in.Camera)
	if err != nil {
		return nil, err
	}
	if len(in.Body.Rules) > most {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "a camera has at most %d rules", most)
	}
	before, err := r.files.Read(ctx, cam.CameraID())
	if err != nil {
		return nil, err
	}
	if before.Revision != in.Body.Revision {
		return nil, shouwang.Errorf(shouwang.CodeConflict, "somebody else changed these rules in the meantime; load them again")
	}
	if _, err := r.log.Append(ctx, policy.Entry{
		At: r.Now(), Kind: "consent", Principal: c.Who.ID, Person: c.Who.Name, Unit: c.Who.Unit, Action: policy.Analyze, Camera: cam.ID,
		Detail: fmt.Sprintf("rules changed: %d before, %d now", len(before.Rules), len(in.Body.Rules)),
	}); err != nil {
		return nil, err
	}
	sheet, err := r.files.Write(ctx, cam.CameraID(), in.Body.Revision, in.Body.Rules)
	if err != nil {
		return nil, err
	}
	return sheetOf(c, cam, sheet), nil
}
