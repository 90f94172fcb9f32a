package policy

import (
	"cmp"
	"strings"
	"time"

	"shouwang"
)

// Camera is a camera as the rules see it, with the consents given for it.
type Camera struct {
	ID          string              `json:"id"` // "camera:door-17"
	Name        string              `json:"name,omitempty"`
	NameEn      string              `json:"name_en,omitempty"`
	Place       shouwang.PlaceID    `json:"place"`
	Position    Position            `json:"position"`
	LegalClass  shouwang.LegalClass `json:"legal_class"`
	Mount       string              `json:"mount"` // own_premises, shared_premises, public
	Owner       string              `json:"owner"` // "resident:li", "unit:township"
	Sign        bool                `json:"sign"`
	Quarantined bool                `json:"quarantined"`
	// Drifted are the stretches captured while the view was not the approved
	// one; a stretch without an end goes on.
	Drifted []shouwang.Span `json:"drifted,omitempty"`
	// ViewApprovedBy are the two people who approved the view as it is now.
	ViewApprovedBy []string `json:"view_approved_by,omitempty"`
	// Filing is the basis of a camera of class public; nil counts as filed
	// without an end.
	Filing *Filing `json:"filing,omitempty"`
	// Consents holds one or more versions for each purpose; the highest counts.
	Consents []*Consent `json:"consents"`
}

// Filing is the registration of a department's camera (2025 Regulation, art. 7).
type Filing struct {
	Number        string    `json:"number"`
	From          time.Time `json:"from"`
	To            time.Time `json:"to,omitzero"` // zero: no end
	RetentionDays int       `json:"retention_days,omitempty"`
}

// NameIn returns what people call the camera in the language of a page, its id
// where it has no name.
func (c *Camera) NameIn(lang string) string {
	if lang == English && c.NameEn != "" {
		return c.NameEn
	}
	return cmp.Or(c.Name, string(c.CameraID()))
}

// CameraID returns the id without the policy's prefix "camera:".
func (c *Camera) CameraID() shouwang.CameraID {
	return shouwang.CameraID(strings.TrimPrefix(c.ID, cameraPrefix))
}

const cameraPrefix = "camera:"

// CameraResource returns the policy's name for a camera: "camera:" + id.
func CameraResource(id shouwang.CameraID) string { return cameraPrefix + string(id) }
