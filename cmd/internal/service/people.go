package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
	"shouwang/web/people"
)

// peopleRoom joins the room of people and roles to the register.
func (s *Service) peopleRoom() *people.Room {
	r := roll{s.node.registry, s.node}
	return people.New(people.Deps{Register: r, Places: r, Cameras: r, Passwords: s.auth})
}

// roll is the register of people; what it changes is in force when it returns.
type roll struct {
	*registry.Registry
	node *node
}

// PutPrincipal adds or changes a person.
func (r roll) PutPrincipal(ctx context.Context, p policy.Principal) error {
	if err := r.Registry.PutPrincipal(ctx, p); err != nil {
		return err
	}
	return r.node.refresh(ctx)
}

// ChangePlaces edits the tree of places.
func (r roll) ChangePlaces(ctx context.Context, change policy.PlacesEdit, allow func(*policy.World) error) error {
	if err := r.Registry.ChangePlaces(ctx, change, allow); err != nil {
		return err
	}
	return r.node.refresh(ctx)
}

// HangCamera changes where a camera hangs, whose it is or on which basis.
func (r roll) HangCamera(ctx context.Context, to policy.Standing, allow func(*policy.World) error) error {
	if err := r.Registry.HangCamera(ctx, to, allow); err != nil {
		return err
	}
	return r.node.refresh(ctx)
}

// ReadPlaces reads a township file's places.
func (r roll) ReadPlaces(file string) ([]shouwang.Place, []string, error) {
	return registry.ReadPlaces(strings.NewReader(file))
}

// EndSessions ends every sign-in of an account.
func (r roll) EndSessions(ctx context.Context, account string) error {
	return r.Registry.RemoveSessions(ctx, account)
}

// PutProposal keeps a proposal.
func (r roll) PutProposal(ctx context.Context, p people.Proposal) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write proposal: %w", err)
	}
	return r.Registry.PutProposal(ctx, p.ID, p.Asked, body)
}

// Proposals returns them, newest first.
func (r roll) Proposals(ctx context.Context) ([]people.Proposal, error) {
	raw, err := r.Registry.Proposals(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]people.Proposal, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &out[i]); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeDataUnreadable, "read proposals: %w", err)
		}
	}
	return out, nil
}
