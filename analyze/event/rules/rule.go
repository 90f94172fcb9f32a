package rules

import (
	"encoding/json"
	"fmt"
	"time"

	"shouwang"
)

// Rule is one rule of a camera. Kind chooses which fields matter; a zero field
// means its default.
type Rule struct {
	// Name is unique within the camera and stands in the event.
	Name string             `json:"name"`
	Kind shouwang.EventKind `json:"kind"`
	// Zone is where the rule looks, in fractions of the picture; empty is
	// everywhere. What counts is where a thing stands: the middle of the lower
	// edge of its box.
	Zone shouwang.Polygon `json:"zone,omitempty"`
	// Line, for line_crossing, is two points. Direction is "" for both ways,
	// "left" or "right" for the side that is reached, seen from the first
	// point towards the second in the picture.
	Line      []shouwang.Point `json:"line,omitempty"`
	Direction string           `json:"direction,omitempty"`
	// Seconds is how long it must last: intrusion 0.5, loitering 60,
	// left_object 30, removed_object 10, parked 120, crowd 5, tamper 5.
	Seconds float64 `json:"seconds,omitempty"`
	// Count is how many make a crowd; 5. Density, where it is not 0, asks
	// instead what share of the zone is covered by what is not scenery, 0..1: in
	// a dense crowd nobody can be counted.
	Count   int     `json:"count,omitempty"`
	Density float64 `json:"density,omitempty"`
	// MinArea and MaxArea bound what counts by its share of the picture;
	// 0.0004 and 0.6. A left or removed object is at most 0.03, what parks at
	// least 0.01.
	MinArea float64 `json:"min_area,omitempty"`
	MaxArea float64 `json:"max_area,omitempty"`
}

// limits are the defaults of one kind.
type limits struct{ seconds, minArea, maxArea float64 }

var defaults = map[shouwang.EventKind]limits{
	shouwang.KindIntrusion:     {0.5, 0.0004, 0.6},
	shouwang.KindLineCrossing:  {0, 0.0004, 0.6},
	shouwang.KindLoitering:     {60, 0.0004, 0.6},
	shouwang.KindLeftObject:    {30, 0.0004, 0.03},
	shouwang.KindRemovedObject: {10, 0.0004, 0.03},
	shouwang.KindParked:        {120, 0.01, 0.6},
	shouwang.KindCrowd:         {5, 0.0004, 0.6},
	shouwang.KindTamper:        {5, 0, 1},
}

// Parse reads a camera's rules, a JSON list, fills in defaults and refuses what
// cannot work; unknown keys are errors.
func Parse(data []byte) ([]Rule, error) {
	var list []Rule
	if err := strict(data, &list); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "parse rules: %w", err)
	}
	names := map[string]bool{}
	for i := range list {
		if err := list[i].check(); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "rule %d (%q): %w", i+1, list[i].Name, err)
		}
		if names[list[i].Name] {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "rule %d: the name %q is taken: give each rule its own", i+1, list[i].Name)
		}
		names[list[i].Name] = true
	}
	return list, nil
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytesReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (r *Rule) check() error {
	d, known := defaults[r.Kind]
	switch {
	case r.Name == "" || len(r.Name) > 64:
		return fmt.Errorf("a name of 1 to 64 bytes is needed")
	case !known:
		return fmt.Errorf("kind %q is no rule", r.Kind)
	case r.Kind == shouwang.KindLineCrossing && (len(r.Line) != 2 || r.Line[0] == r.Line[1]):
		return fmt.Errorf("a line is two different points")
	case r.Direction != "" && r.Direction != "left" && r.Direction != "right":
		return fmt.Errorf("direction is left, right or absent")
	case len(r.Zone) != 0 && (len(r.Zone) < 3 || len(r.Zone) > 64):
		return fmt.Errorf("a zone has 3 to 64 corners")
	case !(r.Density >= 0 && r.Density <= 1):
		return fmt.Errorf("density is a share of the zone, 0..1")
	case r.Seconds < 0 || r.Seconds > 86400 || r.Count < 0:
		return fmt.Errorf("seconds lie in 0..86400 and count is not negative")
	}
	for _, p := range append(append(shouwang.Polygon{}, r.Zone...), r.Line...) {
		if !(p[0] >= 0 && p[0] <= 1 && p[1] >= 0 && p[1] <= 1) {
			return fmt.Errorf("points are fractions of the picture, 0..1")
		}
	}
	fill(&r.Seconds, d.seconds)
	fill(&r.MinArea, d.minArea)
	fill(&r.MaxArea, d.maxArea)
	if r.Count == 0 {
		r.Count = 5
	}
	return nil
}

func fill(v *float64, def float64) {
	if *v == 0 {
		*v = def
	}
}

func (r *Rule) lasts() time.Duration { return time.Duration(r.Seconds * float64(time.Second)) }

// inside reports whether a thing with that box stands in the zone and has
// a size that counts.
func (r *Rule) inside(b shouwang.Box) bool {
	if a := b.Area(); a < r.MinArea || a > r.MaxArea {
		return false
	}
	x, y := foot(b)
	return len(r.Zone) == 0 || r.Zone.Contains(x, y)
}

// foot is where a thing stands: the middle of its box's lower edge.
func foot(b shouwang.Box) (x, y float64) { return b[0] + b[2]/2, b[1] + b[3] }

// side is positive where the point lies to the right of the line, seen from
// its first point towards its second in a picture whose y grows downwards.
func (r *Rule) side(x, y float64) float64 {
	a, b := r.Line[0], r.Line[1]
	return (b[0]-a[0])*(y-a[1]) - (b[1]-a[1])*(x-a[0])
}
