package web

import (
	"time"

	"shouwang/policy"
	"shouwang/web/front"
)

// ConsentView is a consent as its owner's page shows it.
type ConsentView struct {
	ID             string                `json:"id"`
	Version        int                   `json:"version"`
	Purpose        string                `json:"purpose"`
	State          policy.ConsentState   `json:"state"`
	Modes          []policy.Mode         `json:"modes"`
	Audiences      []string              `json:"audiences"`
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
}

func consentView(c *policy.Consent) ConsentView {
	return ConsentView{
		ID: c.ID, Version: c.Version, Purpose: c.Purpose, State: c.State, Modes: append([]policy.Mode{}, c.Modes...),
		Audiences: append([]string{}, c.Audiences...), Slots: c.Slots.Names(), Incident: c.Incident, Limits: c.Limits,
		MinObligations: append([]policy.ObligationID{}, c.MinObligations...), Recording: c.Recording,
		RetentionDays: c.RetentionDays, NotBefore: c.NotBefore, NotAfter: c.NotAfter, PauseUntil: c.PauseUntil,
		RecordHash: c.RecordHash, History: append([]policy.ConsentEvent{}, c.Events...),
	}
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

// LookView is one look at a camera as its owner reads it.
type LookView struct {
	At          time.Time             `json:"at"`
	To          time.Time             `json:"to,omitzero"`
	Person      string                `json:"person"`
	Unit        string                `json:"unit,omitempty"`
	Action      policy.Action         `json:"action"`
	Purpose     string                `json:"purpose"`
	CaseType    string                `json:"case_type,omitempty"`
	Obligations []policy.ObligationID `json:"obligations"`
	Index       uint64                `json:"index" doc:"Place in the access log"`
	BytesOut    int64                 `json:"bytes_out"`
	Own         bool                  `json:"own" doc:"The reader's own look"`
	// CapturedFrom and CapturedTo are the footage looked at; absent for live.
	CapturedFrom time.Time `json:"captured_from,omitzero"`
	CapturedTo   time.Time `json:"captured_to,omitzero"`
}

// lookViews joins each look with its end. A look whose notice is deferred is
// left out and counted.
func lookViews(c *front.Caller, entries []LoggedLook) (views []LookView, deferred int) {
	ends := map[string]*LoggedLook{}
	for i := range entries {
		if e := &entries[i]; e.Kind == "look_end" {
			ends[e.DecisionID] = e
		}
	}
	views = []LookView{}
	for i := range entries {
		e := &entries[i]
		if e.Kind != "look" && e.Kind != "export" {
			continue
		}
		if hasObligation(e.Obligations, policy.ObligeNotifyDeferred) {
			deferred++
			continue
		}
		views = append(views, lookView(c, e, ends[e.DecisionID]))
	}
	return views, deferred
}

func lookView(c *front.Caller, e, end *LoggedLook) LookView {
	v := LookView{
		At: e.At, Person: e.Person, Unit: e.Unit, Action: e.Action, Purpose: e.Purpose, Index: e.Index,
		Obligations: append([]policy.ObligationID{}, e.Obligations...), Own: e.Principal == c.Who.ID,
		CapturedFrom: e.From, CapturedTo: e.To,
	}
	if v.Person == "" {
		v.Person = e.Principal
	}
	if u, ok := c.World.Unit(e.Unit); ok && u.Name != "" {
		v.Unit = u.Name
		if c.Lang == "en" && u.NameEn != "" {
			v.Unit = u.NameEn
		}
	}
	if cs, ok := c.World.Case(e.Case); ok {
		v.CaseType = cs.Type
	}
	if end != nil {
		v.To, v.BytesOut = end.At, end.BytesOut
	}
	return v
}

func hasObligation(list []policy.ObligationID, id policy.ObligationID) bool {
	for _, have := range list {
		if have == id {
			return true
		}
	}
	return false
}
