package service

import (
	"context"
	"fmt"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// sosType is the kind of incident that a call button stands for, as owners
// agree to it by name.
const sosType = "sos"

// openForCall opens the incident of a call that has none, where the township
// chose that pressing a button does (buttons.incident_minutes). What it opens
// is what an owner agreed to for such calls, no more; the button's name stands
// in the record as who opened it.
func (s *Service) openForCall(ctx context.Context, call *shouwang.Call) error {
	minutes := s.cfg.Buttons.IncidentMinutes
	if minutes == 0 || call.Incident != "" || call.State != shouwang.CallOpen {
		return nil
	}
	button, err := s.papers.Button(ctx, call.Button)
	if err != nil {
		return err
	}
	now := s.clock()
	incident := &policy.Incident{
		ID: front.NewID("inc"), Type: sosType, Title: button.Household, Position: policy.Position(button.Position),
		From: now, To: now.Add(time.Duration(minutes) * time.Minute),
	}
	// The record comes first: what opens cameras must be accounted for.
	record := shouwang.IncidentRecord{ID: incident.ID, OpenedBy: shouwang.ByButton + string(call.Button), Opened: now, Cause: shouwang.CauseCall, Ref: call.ID}
	if err := s.papers.PutIncident(ctx, record); err != nil {
		return fmt.Errorf("record incident: %w", err)
	}
	if err := (desk{s.node.registry, s.node.refresh}).PutIncident(ctx, record.OpenedBy, incident); err != nil {
		return fmt.Errorf("open incident: %w", err)
	}
	if _, err := s.papers.JoinCall(ctx, call.ID, incident.ID); err != nil {
		return fmt.Errorf("join call: %w", err)
	}
	s.tellDesk(ctx, shouwang.DeskChange{Kind: shouwang.DeskIncident, ID: incident.ID})
	return nil
}
