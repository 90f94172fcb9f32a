package policy

import (
	"time"

	"shouwang"
)

// ConsentState is where in its life a consent stands.
type ConsentState string

// The nine states. Only Given and Renewed let anything through.
const (
	Requested   ConsentState = "requested"
	Refused     ConsentState = "refused"
	Given       ConsentState = "given"
	Renewed     ConsentState = "renewed"
	Paused      ConsentState = "paused"
	Expired     ConsentState = "expired"
	Withdrawn   ConsentState = "withdrawn"
	Terminated  ConsentState = "terminated"
	Invalidated ConsentState = "invalidated"
)

// Live reports whether the state lets anything through.
func (s ConsentState) Live() bool { return s == Given || s == Renewed }

// Mode is one use of a camera that its owner agreed to. ModeAnalytics is the
// prefix of one mode per kind of event, as "analytics:person".
type Mode string

// The modes.
const (
	ModeLive      Mode = "live"
	ModeIncident  Mode = "incident"
	ModePlayback  Mode = "playback"
	ModeExport    Mode = "export"
	ModeWall      Mode = "wall"
	ModeAnalytics      = "analytics:"
)

// Consent is one version of what one camera's owner agreed to for one purpose
// (ISO/IEC TS 27560 calls it a consent record). It is never edited: a change
// is a new version that carries the hash of the one before it.
type Consent struct {
	ID      string       `json:"consent_id"`
	Version int          `json:"version"` // from 1
	Camera  string       `json:"camera"`  // "camera:door-17"
	Purpose string       `json:"purpose"`
	State   ConsentState `json:"state"`
	Basis   string       `json:"basis"` // consent | contract | statute

	Modes          []Mode         `json:"modes"`
	Audiences      []string       `json:"audiences"`
	AreaScope      string         `json:"area_scope"` // the kind of place that bounds who may ask
	Slots          Slots          `json:"slots"`
	Incident       *IncidentTerms `json:"incident"` // nil: nothing agreed
	Limits         Limits         `json:"limits"`
	MinObligations []ObligationID `json:"min_obligations"`
	// Recording is "" for what the legal class does by default.
	Recording       RecordMode          `json:"recording,omitempty"`
	RecordingStream shouwang.StreamKind `json:"recording_stream,omitempty"`
	RetentionDays   int                 `json:"retention_days"`
	NotBefore       time.Time           `json:"not_before"`
	NotAfter        time.Time           `json:"not_after"`
	PauseUntil      *time.Time          `json:"pause_until"`
	// Asked is the widest that the notice asked for; nil where nothing was noted.
	Asked *Terms `json:"asked,omitempty"`

	Principal   *ConsentParty  `json:"principal,omitempty"`
	Controllers []Controller   `json:"controllers,omitempty"`
	Notice      *Notice        `json:"notice,omitempty"`
	Device      *ConsentDevice `json:"device,omitempty"`
	Events      []ConsentEvent `json:"events,omitempty"`
	Erasure     *Erasure       `json:"erasure,omitempty"`
	PrevHash    string         `json:"prev_hash,omitempty"`   // "sha256:…", empty for version 1
	RecordHash  string         `json:"record_hash,omitempty"` // of everything but itself
}

// IncidentTerms is what an owner agreed to beforehand for emergencies.
type IncidentTerms struct {
	Types      []string `json:"types"`
	RadiusM    float64  `json:"radius_m"`
	MaxMinutes int      `json:"max_minutes"`
}

// Limits bound what a look may take. Zero allows nothing.
type Limits struct {
	ClipMin      int `json:"clip_min"`
	LookbackDays int `json:"lookback_days"`
	LooksPerDay  int `json:"looks_per_day"`
}

// DefaultLimits is what the consent form proposes: clips of an hour, a week
// back, twenty looks a day.
func DefaultLimits() Limits { return Limits{ClipMin: 60, LookbackDays: 7, LooksPerDay: 20} }

// ConsentParty is who gave the consent and in what capacity.
type ConsentParty struct {
	ID                  string `json:"id"`
	Capacity            string `json:"capacity"` // owner|tenant|household|guardian|committee
	CohabitantsInformed bool   `json:"cohabitants_informed"`
}

// Controller is a party that answers for the processing.
type Controller struct {
	Party   string `json:"party"`
	Role    string `json:"role"`
	Contact string `json:"contact"`
}

// Notice is what was shown or read aloud before the consent was given.
type Notice struct {
	ID        string    `json:"id"`
	Version   string    `json:"version"`
	Hash      string    `json:"hash"` // "sha256:…" of the text as shown
	Language  string    `json:"language"`
	ShownAt   time.Time `json:"shown_at"`
	Channel   string    `json:"channel"` // app|paper|visit
	ReadAloud bool      `json:"read_aloud"`
	Witness   string    `json:"witness,omitempty"`
}

// ConsentDevice is the camera as the owner agreed to it.
type ConsentDevice struct {
	Camera            string              `json:"camera"`
	LegalClass        shouwang.LegalClass `json:"legal_class"`
	Mount             string              `json:"mount"`
	Audio             bool                `json:"audio"` // always false
	ViewReferenceHash string              `json:"view_reference_hash,omitempty"`
	ViewApprovedBy    []string            `json:"view_approved_by,omitempty"` // two people
	Masks             []shouwang.Polygon  `json:"masks,omitempty"`
	Sign              bool                `json:"sign"`
}

// ConsentEvent is one step in a consent's life.
type ConsentEvent struct {
	Time          time.Time    `json:"time"`
	Type          string       `json:"type"` // request, give, refuse, …
	State         ConsentState `json:"state"`
	By            string       `json:"by"`
	Channel       string       `json:"channel,omitempty"`
	NoticeVersion string       `json:"notice_version,omitempty"`
	LogIndex      uint64       `json:"log_index,omitempty"`
}

// Erasure says what became of the keys after a consent ended.
type Erasure struct {
	Keys           []string  `json:"keys,omitempty"`
	DestroyedAt    time.Time `json:"destroyed_at,omitzero"`
	Receipt        string    `json:"receipt,omitempty"`
	HeldExceptions []string  `json:"held_exceptions,omitempty"`
}

// Ref names the version, as "c-17@3".
func (c *Consent) Ref() string { return c.ID + "@" + itoa(c.Version) }

// Allows reports whether the owner agreed to the mode.
func (c *Consent) Allows(m Mode) bool {
	for _, have := range c.Modes {
		if have == m {
			return true
		}
	}
	return false
}

// ValidAt says whether the consent lets anything through at the moment: its
// state, its term, no pause.
func (c *Consent) ValidAt(at time.Time) bool {
	return c.State.Live() && !c.NotBefore.IsZero() && !at.Before(c.NotBefore) && at.Before(c.NotAfter) &&
		(c.PauseUntil == nil || !at.Before(*c.PauseUntil))
}
