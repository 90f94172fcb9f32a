package mine

import (
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/join"
)

// ConsentView is a consent as its owner's page shows it.
type ConsentView struct {
	ID             string                `json:"id"`
	Version        int                   `json:"version"`
	Purpose        string                `json:"purpose"`
	State          policy.ConsentState   `json:"state"`
	Modes          []policy.Mode         `json:"modes"`
	Audiences      []string              `json:"audiences"`
	Lookers        []join.AudienceView   `json:"lookers,omitempty" doc:"The audiences by the names they are known by"`
	Slots          []string              `json:"slots" doc:"Weekday hours in the township's time zone, as mon-06"`
	Incident       *policy.IncidentTerms `json:"incident,omitempty"`
	Limits         policy.Limits         `json:"limits"`
	MinObligations []policy.ObligationID `json:"min_obligations"`
	Recording      policy.RecordMode     `json:"recording,omitempty"`
	RetentionDays  int                   `json:"retention_days"`
	NotBefore      time.Time             `json:"not_before"`
	NotAfter       time.Time             `json:"not_after"`
	PauseUntil     *time.Time            `json:"pause_until,omitempty"`
	RecordHash     string                `json:"record_hash,omitempty"`
	History        []policy.ConsentEvent `json:"history"`
	Masks          []shouwang.Polygon    `json:"masks" doc:"Areas that nobody sees, in fractions of width and height"`
	// Asked is the widest that the notice asked for; absent where nothing was noted.
	Asked *join.TermsView `json:"asked,omitempty"`
}

func consentView(w *policy.World, c *policy.Consent) ConsentView {
	v := ConsentView{
		ID: c.ID, Version: c.Version, Purpose: c.Purpose, State: c.State, Modes: append([]policy.Mode{}, c.Modes...),
		Audiences: append([]string{}, c.Audiences...), Slots: c.Slots.Names(), Incident: c.Incident, Limits: c.Limits,
		MinObligations: append([]policy.ObligationID{}, c.MinObligations...), Recording: c.Recording,
		RetentionDays: c.RetentionDays, NotBefore: c.NotBefore, NotAfter: c.NotAfter, PauseUntil: c.PauseUntil,
		RecordHash: c.RecordHash, History: append([]policy.ConsentEvent{}, c.Events...), Masks: []shouwang.Polygon{},
	}
	for _, id := range c.Audiences {
		v.Lookers = append(v.Lookers, join.AudienceOf(w, id))
	}
	if c.Device != nil {
		v.Masks = append(v.Masks, c.Device.Masks...)
	}
	if c.Asked != nil {
		asked := join.Proposal(w, c.Asked)
		v.Asked = &asked
	}
	return v
}

// Effect is what a change would do, shown before it is made.
type Effect struct {
	Action      string   `json:"action" enum:"pause,resume,give,withdraw"`
	Stops       []string `json:"stops" doc:"Codes of what ends: the consent's modes, recording, analysis, clips"`
	Starts      []string `json:"starts" doc:"Codes of what begins"`
	LiveViewers int      `json:"live_viewers" doc:"Live views that end at once"`
	Clips       int      `json:"clips" doc:"Clips that nobody can play any more"`
	ErasedBytes int64    `json:"erased_bytes"`
	Held        []HeldBy `json:"held"`
	// Keeps says why footage outlives a withdrawal beside holds:
	// statutory_period for a department's camera.
	Keeps string `json:"keeps,omitempty"`
}
