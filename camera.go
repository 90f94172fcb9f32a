package shouwang

import (
	"fmt"
	"math"
	"regexp"
)

// CameraID names a camera for its whole life: lower-case letters, digits,
// dots and hyphens, at most 64 bytes, so that it is safe in a path, an address
// and a metric label. The policy's name for it is "camera:" + CameraID.
type CameraID string

var cameraIDPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)

// Valid reports whether the id has the form that the whole house relies on.
func (id CameraID) Valid() bool { return cameraIDPattern.MatchString(string(id)) }

// LegalClass says under which rule a camera films; it decides how long
// footage may and must be kept, and whether withdrawal erases or freezes it.
type LegalClass string

const (
	// ClassPublic is a department's camera in a public place (2025 Regulation,
	// art. 7): filed basis, at least 30 days kept, withdrawal freezes.
	ClassPublic LegalClass = "public"
	// ClassPremises is an enterprise's camera on its own premises (art. 9).
	ClassPremises LegalClass = "premises"
	// ClassResident is a resident's camera on the resident's own premises
	// (art. 33): no floor on keeping, withdrawal erases.
	ClassResident LegalClass = "resident"
)

// Valid reports whether c is one of the three legal classes.
func (c LegalClass) Valid() bool {
	return c == ClassPublic || c == ClassPremises || c == ClassResident
}

// Position is a point on the earth, WGS 84, in degrees.
type Position struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Valid reports whether the point is on the earth; not a number is nowhere.
func (p Position) Valid() bool {
	return p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180
}

// earthRadius is the mean radius in metres (IUGG).
const earthRadius = 6371008.8

// Distance returns the great-circle distance in metres (haversine, mean radius
// of IUGG). A position of 0, 0 is none: it is infinitely far from everything.
func (p Position) Distance(q Position) float64 {
	if p == (Position{}) || q == (Position{}) {
		return math.Inf(1)
	}
	const degree = math.Pi / 180
	lat, lon := math.Sin((q.Lat-p.Lat)*degree/2), math.Sin((q.Lon-p.Lon)*degree/2)
	h := lat*lat + math.Cos(p.Lat*degree)*math.Cos(q.Lat*degree)*lon*lon
	return 2 * earthRadius * math.Asin(min(1, math.Sqrt(h)))
}

// Aim is where a camera looks, for the map; no rule looks at it.
type Aim struct {
	// Heading is degrees clockwise from north, FOV the horizontal angle of view
	// in degrees.
	Heading float64 `json:"heading_deg"`
	FOV     float64 `json:"fov_deg"`
	// Range is how far a person is still recognised as a person, in metres.
	Range float64 `json:"range_m,omitempty"`
}

// Check reports what cannot be, or nil.
func (a *Aim) Check() error {
	switch {
	case a == nil:
		return nil
	case !(a.Heading >= 0 && a.Heading < 360):
		return fmt.Errorf("heading_deg %g: write degrees clockwise from north, 0 to 359", a.Heading)
	case !(a.FOV > 0 && a.FOV <= 360):
		return fmt.Errorf("fov_deg %g: write the horizontal angle of view, above 0 and at most 360", a.FOV)
	case !(a.Range >= 0 && a.Range <= 2000):
		return fmt.Errorf("range_m %g: write metres, at most 2000", a.Range)
	}
	return nil
}

// StreamKind tells a camera's streams apart.
type StreamKind string

const (
	// StreamMain is the full picture, the one worth keeping.
	StreamMain StreamKind = "main"
	// StreamSub is the small picture that analysis looks at. A camera with
	// one stream has a main stream only, which then serves both.
	StreamSub StreamKind = "sub"
)

// Source is how one stream of a camera is reached.
type Source struct {
	Kind StreamKind `json:"kind"`
	// URL is rtsp:// or rtsps:// for a pulled stream and empty for a pushed
	// one. It may hold a user name and a password: never print it, print
	// RedactURL(URL).
	URL string `json:"url,omitempty"`
	// Push says that the camera (or an edge agent) announces the stream to us.
	Push bool `json:"push,omitempty"`
}

// Camera is one shared camera as the township filed it. What its owner agreed
// to is not here: that is the consent record, in package policy.
type Camera struct {
	ID       CameraID   `json:"id"`
	Name     string     `json:"name"`
	Place    PlaceID    `json:"place"`
	Position Position   `json:"position"`
	Aim      *Aim       `json:"aim,omitempty"`
	Class    LegalClass `json:"legal_class"`
	// Mount is where it physically hangs: own_premises, shared_premises, public.
	Mount string `json:"mount"`
	// Owner is a principal ("resident:li") or a unit ("unit:township").
	Owner string `json:"owner"`
	// Sign says that the sign which tells passers-by about the camera hangs.
	Sign bool `json:"sign"`
	// Quarantined says that the view no longer matches the approved one.
	Quarantined bool     `json:"quarantined"`
	Sources     []Source `json:"sources"`
	// Masks are the owner's privacy polygons, fractions of width and height.
	Masks []Polygon `json:"masks,omitempty"`
}

// Source returns the camera's stream of the kind asked, else its main stream,
// else false.
func (c *Camera) Source(kind StreamKind) (Source, bool) {
	var main Source
	found := false
	for _, s := range c.Sources {
		if s.Kind == kind {
			return s, true
		}
		if s.Kind == StreamMain {
			main, found = s, true
		}
	}
	return main, found
}
