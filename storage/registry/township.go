package registry

import (
	"fmt"
	"io"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
)

// township is a file to import: what package policy calls a world, with the
// cameras' addresses, masks and the people's sign-in names.
type township struct {
	timezone            string
	purposes, audiences []string
	viewGate            string
	places              []shouwang.Place
	units               []policy.Unit
	people              []person
	notices             []papers.NoticeText
	cameras             []importedCamera
	consents            []policy.Consent
	cases               []policy.Case
	incidents           []policy.Incident
	orders              []policy.Order
	requests            []policy.SubjectRequest
	footage             []policy.Footage
	holds               []policy.Hold
	lines               map[string]int // of each thing, by kind and id
}

// person is a principal and how it signs in.
type person struct {
	policy.Principal
	// Login is the name typed at sign-in; the id's part after the colon when
	// absent. A principal of type service has none.
	Login    string `json:"login"`
	Language string `json:"language"`
}

// importedCamera is a camera as the file writes it.
type importedCamera struct {
	ID          string              `json:"id"` // with or without "camera:"
	Name        string              `json:"name"`
	NameEn      string              `json:"name_en"`
	Place       shouwang.PlaceID    `json:"place"`
	Position    policy.Position     `json:"position"`
	Aim         *shouwang.Aim       `json:"aim"`
	Class       shouwang.LegalClass `json:"legal_class"`
	Mount       string              `json:"mount"`
	Owner       string              `json:"owner"`
	Sign        bool                `json:"sign"`
	Quarantined bool                `json:"quarantined"`
	Filing      *policy.Filing      `json:"filing"`
	Masks       []shouwang.Polygon  `json:"masks"`
	Sources     []shouwang.Source   `json:"sources"`
	Consents    []policy.Consent    `json:"consents"`
}

func (c *importedCamera) camera() Camera {
	return Camera{NameEn: c.NameEn, Filing: c.Filing, Camera: shouwang.Camera{
		ID: shouwang.CameraID(strings.TrimPrefix(c.ID, "camera:")), Name: c.Name, Place: c.Place,
		Position: shouwang.Position(c.Position), Aim: c.Aim, Class: c.Class, Mount: c.Mount, Owner: c.Owner, Sign: c.Sign,
		Quarantined: c.Quarantined, Sources: c.Sources, Masks: c.Masks,
	}}
}

// readTownship checks the file's form. Whether places exist and so on is
// checked when it is applied.
func readTownship(root *node) (*township, error) {
	t := &township{lines: map[string]int{}}
	known := map[string]func(*node) error{
		"timezone":  func(n *node) error { return n.decode(&t.timezone) },
		"purposes":  func(n *node) error { return n.decode(&t.purposes) },
		"audiences": func(n *node) error { return n.decode(&t.audiences) },
		"view_gate": func(n *node) error { return n.gate(&t.viewGate) },
		"places":    section(t, "place", &t.places, func(p *shouwang.Place) string { return string(p.ID) }),
		"units":     section(t, "unit", &t.units, func(u *policy.Unit) string { return u.ID }),
		"notices":   section(t, "notice", &t.notices, func(n *papers.NoticeText) string { return n.Ref() }),
		"people":    section(t, "person", &t.people, func(p *person) string { return p.ID }),
		"cameras": section(t, "camera", &t.cameras, func(c *importedCamera) string {
			return strings.TrimPrefix(c.ID, "camera:")
		}),
		"consents": section(t, "consent", &t.consents, func(c *policy.Consent) string {
			if c.ID == "" {
				return ""
			}
			return c.Ref()
		}),
		"cases":            section(t, "case", &t.cases, func(c *policy.Case) string { return c.ID }),
		"incidents":        section(t, "incident", &t.incidents, func(i *policy.Incident) string { return i.ID }),
		"orders":           section(t, "order", &t.orders, func(o *policy.Order) string { return o.ID }),
		"subject_requests": section(t, "subject request", &t.requests, func(s *policy.SubjectRequest) string { return s.ID }),
		"footage":          section(t, "footage", &t.footage, func(f *policy.Footage) string { return f.ID }),
		"holds":            section(t, "hold", &t.holds, func(h *policy.Hold) string { return h.ID }),
	}
	known["principals"] = known["people"]
	if err := root.eachKey(func(key string, line int, value *node) error {
		read, ok := known[key]
		if !ok {
			return atLine(line, "unknown key %q", key)
		}
		return read(value)
	}); err != nil {
		return nil, err
	}
	t.gatherConsents()
	return t, nil
}

// gatherConsents fills in what a consent under its camera need not repeat.
func (t *township) gatherConsents() {
	for i := range t.cameras {
		c := &t.cameras[i]
		for _, consent := range c.Consents {
			if consent.Camera == "" {
				consent.Camera = policy.CameraResource(c.camera().ID)
			}
			if consent.ID == "" {
				consent.ID = "c-" + string(c.camera().ID) + "-" + consent.Purpose
			}
			consent.Version = max(1, consent.Version)
			t.lines["consent "+consent.Ref()] = t.line("camera", string(c.camera().ID))
			t.consents = append(t.consents, consent)
		}
	}
}

// ReadPlaces reads the places of a township file, YAML or JSON, and names the
// other things that stand in it. Errors name the line.
func ReadPlaces(in io.Reader) (places []shouwang.Place, others []string, err error) {
	root, err := parse(in)
	if err != nil {
		return nil, nil, err
	}
	town, err := readTownship(root)
	if err != nil {
		return nil, nil, err
	}
	err = root.eachKey(func(key string, _ int, _ *node) error {
		if key != "places" {
			others = append(others, key)
		}
		return nil
	})
	return town.places, others, err
}

func (t *township) line(kind, id string) int { return t.lines[kind+" "+id] }

// section reads a list and notes on which line each item stands.
func section[T any](t *township, kind string, into *[]T, id func(*T) string) func(*node) error {
	return func(n *node) error {
		return n.eachItem(func(item *node) error {
			var v T
			if err := item.decode(&v); err != nil {
				return err
			}
			name := kind + " " + id(&v)
			if strings.TrimPrefix(name, kind+" ") == "" {
				return atLine(item.line(), "this %s has no id", kind)
			}
			if first, twice := t.lines[name]; twice {
				return atLine(item.line(), "%s was already given on line %d", name, first)
			}
			t.lines[name] = item.line()
			*into = append(*into, v)
			return nil
		})
	}
}

func atLine(line int, format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeBadConfig, "line %d: %s", line, fmt.Sprintf(format, args...))
}

// gate reads what the township says about the view gate.
func (n *node) gate(into *string) error {
	if err := n.decode(into); err != nil {
		return err
	}
	if *into != policy.ViewGateRecorded && *into != policy.ViewGateRequired {
		return atLine(n.line(), "view_gate %q: write required or recorded", *into)
	}
	return nil
}
