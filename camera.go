package shouwang

import "regexp"

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
