package join

import (
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
)

// ConsentTerms is a consent as its owner's page shows and changes it.
type ConsentTerms struct {
	ID             string                `json:"id"`
	Version        int                   `json:"version"`
	Camera         string                `json:"camera"`
	Purpose        string                `json:"purpose"`
	State          policy.ConsentState   `json:"state"`
	Slots          []string              `json:"slots" doc:"Weekday hours in the township's time zone, as mon-06"`
	Modes          []policy.Mode         `json:"modes"`
	Audiences      []string              `json:"audiences"`
	AreaScope      string                `json:"area_scope"`
	Incident       *policy.IncidentTerms `json:"incident,omitempty"`
	Limits         policy.Limits         `json:"limits"`
	MinObligations []policy.ObligationID `json:"min_obligations"`
	Masks          []shouwang.Polygon    `json:"masks"`
	Recording      policy.RecordMode     `json:"recording"`
	RetentionDays  int                   `json:"retention_days"`
	NotBefore      time.Time             `json:"not_before"`
	NotAfter       time.Time             `json:"not_after"`
	RecordHash     string                `json:"record_hash"`
	// Asked is the widest that the notice asked for; absent where nothing was noted.
	Asked *TermsView `json:"asked,omitempty"`
}

// TermsView is what an invitation proposes, or the widest that a notice asked for.
type TermsView struct {
	Slots          []string              `json:"slots"`
	Modes          []policy.Mode         `json:"modes"`
	Audiences      []AudienceView        `json:"audiences"`
	AreaScope      string                `json:"area_scope" doc:"The kind of place that bounds who may look, as township"`
	Incident       *policy.IncidentTerms `json:"incident,omitempty" doc:"What an emergency nearby opens outside the hours"`
	Limits         policy.Limits         `json:"limits"`
	MinObligations []policy.ObligationID `json:"min_obligations" doc:"What is done to every picture at least"`
	Recording      policy.RecordMode     `json:"recording"`
	RetentionDays  int                   `json:"retention_days"`
	Months         int                   `json:"months"`
}

// AudienceView is an audience with the names it is known by; both are empty
// where only its id is known.
type AudienceView struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
	// Guardian is who answers for a neighbour cell.
	Guardian string `json:"guardian,omitempty"`
}

func termsOf(w *policy.World, c *policy.Consent) ConsentTerms {
	own := policy.TermsOf(c)
	v := ConsentTerms{
		ID: c.ID, Version: c.Version, Camera: c.Camera, Purpose: c.Purpose, State: c.State, Slots: c.Slots.Names(),
		Modes: append([]policy.Mode{}, c.Modes...), Audiences: append([]string{}, c.Audiences...), AreaScope: c.AreaScope,
		Incident: c.Incident, Limits: c.Limits, MinObligations: append([]policy.ObligationID{}, c.MinObligations...),
		Masks: []shouwang.Polygon{}, Recording: own.Recording, RetentionDays: c.RetentionDays,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, RecordHash: c.RecordHash,
	}
	if c.Device != nil {
		v.Masks = append(v.Masks, c.Device.Masks...)
	}
	if c.Asked != nil {
		asked := Proposal(w, c.Asked)
		v.Asked = &asked
	}
	return v
}

// Proposal returns terms with the names of whom they let look.
func Proposal(w *policy.World, t *policy.Terms) TermsView {
	v := TermsView{
		Slots: t.Slots.Names(), Modes: append([]policy.Mode{}, t.Modes...), Audiences: []AudienceView{}, AreaScope: t.AreaScope,
		Incident: t.Incident, Limits: t.Limits, MinObligations: append([]policy.ObligationID{}, t.MinObligations...),
		Recording: t.Recording, RetentionDays: t.RetentionDays, Months: t.Months,
	}
	for _, id := range t.Audiences {
		v.Audiences = append(v.Audiences, AudienceOf(w, id))
	}
	return v
}

// AudienceOf returns an audience by the names that the township knows it by.
func AudienceOf(w *policy.World, id string) AudienceView {
	v := AudienceView{ID: id}
	if u, ok := w.Unit(id); ok {
		v.Name, v.NameEn = u.Name, u.NameEn
		if g, ok := w.Principal(u.Guardian); ok {
			v.Guardian = g.Name
		}
	}
	return v
}

// JoinCamera is the camera that an invitation is about, for its owner.
type JoinCamera struct {
	ID         string              `json:"id"`
	Name       string              `json:"name"`
	NameEn     string              `json:"name_en,omitempty"`
	LegalClass shouwang.LegalClass `json:"legal_class"`
	Mount      string              `json:"mount"`
	Sign       bool                `json:"sign" doc:"The sign for passers-by hangs"`
	Place      []PlaceName         `json:"place" doc:"From the camera's own place up to the widest"`
}

// PlaceName is one level of where a camera hangs.
type PlaceName struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	NameEn string `json:"name_en,omitempty"`
}

func cameraOf(w *policy.World, cam *policy.Camera) JoinCamera {
	v := JoinCamera{
		ID: string(cam.CameraID()), Name: cam.Name, NameEn: cam.NameEn, LegalClass: cam.LegalClass, Mount: cam.Mount,
		Sign: cam.Sign, Place: []PlaceName{},
	}
	places := w.Places()
	for id := cam.Place; id != "" && len(v.Place) < len(places); {
		p, ok := places[id]
		if !ok {
			break
		}
		name := p.Name
		if name == "" {
			name = string(p.ID)
		}
		v.Place = append(v.Place, PlaceName{Kind: p.Kind, Name: name, NameEn: p.NameEn})
		id = p.Parent
	}
	return v
}

// PartyView is who answers for the processing, by name.
type PartyView struct {
	Name    string `json:"name"`
	NameEn  string `json:"name_en,omitempty"`
	Role    string `json:"role"`
	Contact string `json:"contact,omitempty"`
}

func partiesOf(w *policy.World, list []policy.Controller) []PartyView {
	out := []PartyView{}
	for _, c := range list {
		v := PartyView{Name: c.Party, Role: c.Role, Contact: c.Contact}
		if u, ok := w.Unit(c.Party); ok && u.Name != "" {
			v.Name, v.NameEn = u.Name, u.NameEn
		}
		out = append(out, v)
	}
	return out
}

// NoticeView is a notice in every language it is written in.
type NoticeView struct {
	ID      string                `json:"id"`
	Version string                `json:"version"`
	Texts   map[string]NoticeWord `json:"texts" doc:"By language, as zh-CN and en"`
}

// NoticeWord is a notice in one language with the hash that an answer names.
type NoticeWord struct {
	Title    string                 `json:"title"`
	Sections []papers.NoticeSection `json:"sections"`
	Hash     string                 `json:"hash" doc:"sha256 of the canonical JSON of id, version, language, title and sections"`
}

func noticeView(n *papers.NoticeText) NoticeView {
	v := NoticeView{ID: n.ID, Version: n.Version, Texts: map[string]NoticeWord{}}
	for language, body := range n.Texts {
		hash, err := n.Hash(language)
		if err == nil {
			v.Texts[language] = NoticeWord{Title: body.Title, Sections: body.Sections, Hash: hash}
		}
	}
	return v
}
