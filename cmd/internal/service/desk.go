package service

import (
	"context"

	"shouwang/policy"
	"shouwang/storage/registry"
)

// desk keeps cases and incidents in the register, which tells the gate.
type desk struct {
	registry *registry.Registry
	refresh  func(ctx context.Context) error // puts the register's world in force
}

// PutCase adds or replaces a case.
func (d desk) PutCase(ctx context.Context, _ string, c *policy.Case) error {
	if err := d.registry.PutCase(ctx, *c); err != nil {
		return err
	}
	return d.refresh(ctx)
}

// PutIncident adds or replaces an incident.
func (d desk) PutIncident(ctx context.Context, _ string, i *policy.Incident) error {
	if err := d.registry.PutIncident(ctx, *i); err != nil {
		return err
	}
	return d.refresh(ctx)
}

// PutOrder adds or replaces a statutory order.
func (d desk) PutOrder(ctx context.Context, o policy.Order) error {
	if err := d.registry.PutOrder(ctx, o); err != nil {
		return err
	}
	return d.refresh(ctx)
}
