package policy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"shouwang"
)

// World is an immutable snapshot of everything the rules look at. Look-ups
// are by id in constant time; a change makes a new snapshot (With…) that
// shares all that did not change. What a look-up returns is shared: do not
// write to it.
type World struct {
	timezone   string
	zone       *time.Location
	purposes   []string
	audiences  []string
	forced     bool // the view gate
	places     shouwang.Places
	units      map[string]*Unit
	principals map[string]*Principal
	cameras    map[string]*camera
	cases      map[string]*Case
	incidents  map[string]*Incident
	orders     map[string]*Order
	subjects   map[string]*SubjectRequest
	footage    map[string]*Footage
	holds      map[string]*Hold
	heldOf     map[string][]*Hold // by camera
}

// camera is a Camera with its current consent for each purpose picked out.
type camera struct {
	*Camera
	current []*Consent
}

// maxWorldBytes bounds what LoadWorld reads: 50,000 consents take some 60 MB.
const maxWorldBytes = 256 << 20

// LoadWorld reads a WorldData as JSON. A key it does not know, a second
// document behind the first or anything Validate objects to is an error with
// code bad_config and one line that says where.
func LoadWorld(r io.Reader) (*World, error) {
	limited := &io.LimitedReader{R: r, N: maxWorldBytes + 1}
	dec := json.NewDecoder(limited)
	dec.DisallowUnknownFields()
	var data WorldData
	if err := dec.Decode(&data); err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "read world: %w", plainJSON(err, dec.InputOffset()))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "read world: something follows the first JSON object")
	}
	if limited.N <= 0 {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge, "read world: larger than %d MB", maxWorldBytes>>20)
	}
	return NewWorld(data)
}

// plainJSON says what is wrong with a JSON text in words for its author.
func plainJSON(err error, offset int64) error {
	text := strings.TrimPrefix(err.Error(), "json: ")
	if name, ok := strings.CutPrefix(text, "unknown field "); ok {
		return fmt.Errorf("unknown key %s near byte %d", name, offset)
	}
	if typed := (*json.UnmarshalTypeError)(nil); errors.As(err, &typed) {
		return fmt.Errorf("%q holds a %s, which does not belong there, near byte %d", typed.Field, typed.Value, typed.Offset)
	}
	if errors.Is(err, io.EOF) {
		return errors.New("the input is empty")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON ends too early")
	}
	return errors.New(strings.ReplaceAll(text, "\n", " "))
}

// NewWorld indexes the data and validates it.
func NewWorld(data WorldData) (*World, error) {
	zone, err := time.LoadLocation(data.Timezone)
	if err != nil || data.Timezone == "" {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: timezone %q is not known; write an IANA name as Asia/Shanghai", data.Timezone)
	}
	if !slices.Contains([]string{"", ViewGateRecorded, ViewGateRequired}, data.ViewGate) {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: view_gate %q: write required or recorded", data.ViewGate)
	}
	places, err := shouwang.NewPlaces(data.Places)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: %w", err)
	}
	w := &World{
		timezone: data.Timezone, zone: zone, places: places,
		purposes: slices.Clone(data.Purposes), audiences: slices.Clone(data.Audiences), forced: data.ViewGate == ViewGateRequired,
		cameras: make(map[string]*camera, len(data.Cameras)),
	}
	for _, c := range data.Cameras {
		if c == nil {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: a camera is null")
		}
		if _, twice := w.cameras[c.ID]; twice {
			return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: camera %q is listed twice", c.ID)
		}
		w.cameras[c.ID] = indexCamera(c)
	}
	err = errors.Join(
		index(&w.units, "unit", pointers(data.Units), func(u *Unit) string { return u.ID }),
		index(&w.principals, "principal", data.Principals, func(p *Principal) string { return p.ID }),
		index(&w.cases, "case", data.Cases, func(c *Case) string { return c.ID }),
		index(&w.incidents, "incident", data.Incidents, func(i *Incident) string { return i.ID }),
		index(&w.orders, "order", data.Orders, func(o *Order) string { return o.ID }),
		index(&w.subjects, "subject request", data.SubjectRequests, func(s *SubjectRequest) string { return s.ID }),
		index(&w.footage, "footage", data.Footage, func(f *Footage) string { return f.ID }),
		index(&w.holds, "hold", data.Holds, func(h *Hold) string { return h.ID }),
	)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "world: %s", firstLine(err))
	}
	w.indexHolds()
	return w, w.Validate()
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func index[T any](into *map[string]*T, kind string, list []*T, id func(*T) string) error {
	*into = make(map[string]*T, len(list))
	for _, item := range list {
		if item == nil || id(item) == "" {
			return fmt.Errorf("a %s has no id", kind)
		}
		if _, twice := (*into)[id(item)]; twice {
			return fmt.Errorf("%s %q is listed twice", kind, id(item))
		}
		(*into)[id(item)] = item
	}
	return nil
}

// indexCamera picks the highest version of each purpose.
func indexCamera(c *Camera) *camera {
	out := &camera{Camera: c}
	for _, consent := range c.Consents {
		if consent == nil {
			continue
		}
		at := slices.IndexFunc(out.current, func(have *Consent) bool { return have.Purpose == consent.Purpose })
		switch {
		case at < 0:
			out.current = append(out.current, consent)
		case consent.Version > out.current[at].Version:
			out.current[at] = consent
		}
	}
	return out
}

func (c *camera) consentFor(purpose string) *Consent {
	for _, consent := range c.current {
		if consent.Purpose == purpose {
			return consent
		}
	}
	return nil
}

func (w *World) indexHolds() {
	w.heldOf = make(map[string][]*Hold, len(w.holds))
	for _, h := range w.holds {
		w.heldOf[h.Camera] = append(w.heldOf[h.Camera], h)
	}
}

// Zone returns the time zone that slots are judged in.
func (w *World) Zone() *time.Location { return w.zone }

// Places returns the tree of places; do not write to it.
func (w *World) Places() shouwang.Places { return w.places }

// Purposes returns the deployment's purpose list.
func (w *World) Purposes() []string { return slices.Clone(w.purposes) }

// HasPurpose reports whether the deployment lists the purpose.
func (w *World) HasPurpose(name string) bool { return name != "" && slices.Contains(w.purposes, name) }

// Audiences returns the audiences an owner can choose from.
func (w *World) Audiences() []string { return slices.Clone(w.audiences) }

// Camera returns the camera named "camera:…".
func (w *World) Camera(id string) (*Camera, bool) {
	if c, ok := w.cameras[id]; ok {
		return c.Camera, true
	}
	return nil, false
}

// CurrentConsents returns the consent in force, or last in force, for each
// purpose of the camera named "camera:…".
func (w *World) CurrentConsents(camera string) []*Consent {
	if c, ok := w.cameras[camera]; ok {
		return slices.Clip(c.current)
	}
	return nil
}

// Consent returns the highest version for the camera ("camera:…") and purpose.
func (w *World) Consent(camera, purpose string) (*Consent, bool) {
	if c, ok := w.cameras[camera]; ok {
		consent := c.consentFor(purpose)
		return consent, consent != nil
	}
	return nil, false
}

// Cameras returns all cameras, sorted by id.
func (w *World) Cameras() []*Camera {
	out := make([]*Camera, 0, len(w.cameras))
	for _, c := range w.cameras {
		out = append(out, c.Camera)
	}
	slices.SortFunc(out, func(a, b *Camera) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func get[T any](m map[string]*T, id string) (*T, bool) { v, ok := m[id]; return v, ok }

// Unit returns the unit with the id.
func (w *World) Unit(id string) (*Unit, bool) { return get(w.units, id) }

// Principal returns the principal with the id.
func (w *World) Principal(id string) (*Principal, bool) { return get(w.principals, id) }

// Case returns the case with the id.
func (w *World) Case(id string) (*Case, bool) { return get(w.cases, id) }

// Incident returns the incident with the id.
func (w *World) Incident(id string) (*Incident, bool) { return get(w.incidents, id) }

// Order returns the statutory order with the id.
func (w *World) Order(id string) (*Order, bool) { return get(w.orders, id) }

// SubjectRequest returns the filmed person's request with the id.
func (w *World) SubjectRequest(id string) (*SubjectRequest, bool) { return get(w.subjects, id) }

// Footage returns the stretch of footage with the id.
func (w *World) Footage(id string) (*Footage, bool) { return get(w.footage, id) }

// Hold returns the hold with the id.
func (w *World) Hold(id string) (*Hold, bool) { return get(w.holds, id) }

// HoldsOf returns the holds on a camera ("camera:…"), active or not.
func (w *World) HoldsOf(camera string) []*Hold { return slices.Clone(w.heldOf[camera]) }

func sorted[T any](m map[string]*T) []*T {
	out := make([]*T, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[id])
	}
	return out
}

// Data returns the snapshot as it is written down, everything sorted by id.
func (w *World) Data() WorldData {
	d := WorldData{
		Timezone: w.timezone, Purposes: w.Purposes(), Audiences: w.Audiences(),
		Principals: sorted(w.principals), Cameras: w.Cameras(), Cases: sorted(w.cases),
		Incidents: sorted(w.incidents), Orders: sorted(w.orders), SubjectRequests: sorted(w.subjects),
		Footage: sorted(w.footage), Holds: sorted(w.holds),
	}
	if w.forced {
		d.ViewGate = ViewGateRequired
	}
	for _, p := range w.places {
		d.Places = append(d.Places, p)
	}
	slices.SortFunc(d.Places, func(a, b shouwang.Place) int { return cmp.Compare(a.ID, b.ID) })
	for _, u := range sorted(w.units) {
		d.Units = append(d.Units, *u)
	}
	return d
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
