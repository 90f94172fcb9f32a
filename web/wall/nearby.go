package wall

import (
	"cmp"
	"slices"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// NearbyCamera is a camera near an incident, and why it is or is not shown.
type NearbyCamera struct {
	Camera   shouwang.CameraID `json:"camera"`
	Name     string            `json:"name"`
	Distance float64           `json:"distance_m"`
	Shown    bool              `json:"shown"`
	Reasons  []policy.Reason   `json:"reasons,omitempty"`
	Text     string            `json:"text,omitempty" doc:"Why, for the person who asked"`
}

// nearbyMetres is how far around an incident cameras are named; an owner may
// have agreed to a wider circle. nearbyCameras is how many at most.
const (
	nearbyMetres  = 1000.0
	nearbyCameras = 40
)

// nearby returns what each camera around an open incident would answer to the
// caller now, nearest first.
func (r *room) nearby(c *front.Caller, i *policy.Incident) []NearbyCamera {
	out := []NearbyCamera{}
	for _, cam := range c.World.Cameras() {
		away := shouwang.Position(cam.Position).Distance(shouwang.Position(i.Position))
		if away <= max(nearbyMetres, agreedRadius(c.World, cam)) && c.Knows(cam) {
			out = append(out, r.wouldShow(c, i, cam, away))
		}
	}
	slices.SortFunc(out, func(a, b NearbyCamera) int { return cmp.Compare(a.Distance, b.Distance) })
	return out[:min(len(out), nearbyCameras)]
}

func (r *room) wouldShow(c *front.Caller, i *policy.Incident, cam *policy.Camera, away float64) NearbyCamera {
	req := c.Request(policy.ViewLive, cam, front.Why{Incident: i.ID}, r.Now())
	d := r.deps.Gate.Decide(req)
	if d.Allowed() {
		if _, refused := r.looks.Carry(&d, c, cam); refused != "" {
			d.Decision, d.Reasons = "deny", []policy.Reason{refused}
		}
	}
	n := NearbyCamera{Camera: cam.CameraID(), Name: cameraName(c, cam), Distance: away, Shown: d.Allowed(), Reasons: d.Reasons}
	n.Text = r.TextFor(c, &d)
	return n
}

func agreedRadius(w *policy.World, cam *policy.Camera) float64 {
	radius := 0.0
	for _, consent := range w.CurrentConsents(cam.ID) {
		if consent.Incident != nil {
			radius = max(radius, consent.Incident.RadiusM)
		}
	}
	return radius
}

// recalled is what was noted when the incident began, for one that is over.
func recalled(c *front.Caller, kept []shouwang.IncidentCamera) []NearbyCamera {
	out := []NearbyCamera{}
	for _, k := range kept {
		cam, err := c.Camera(k.Camera)
		if err != nil {
			continue
		}
		n := NearbyCamera{Camera: k.Camera, Name: cameraName(c, cam), Distance: k.Distance, Shown: k.Shown}
		for _, reason := range k.Reasons {
			n.Reasons = append(n.Reasons, policy.Reason(reason))
		}
		if len(n.Reasons) > 0 {
			n.Text = policy.TextForOfficer(n.Reasons[0], c.Lang)
		}
		out = append(out, n)
	}
	return out
}

func cameraName(c *front.Caller, cam *policy.Camera) string {
	if c.Lang == "en" && cam.NameEn != "" {
		return cam.NameEn
	}
	if cam.Name != "" {
		return cam.Name
	}
	return string(cam.CameraID())
}
