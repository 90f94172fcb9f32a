package registry

import (
	"context"
	"database/sql"
	"errors"

	"shouwang"
	"shouwang/policy"
)

// Town is what holds for the whole deployment.
type Town struct {
	Timezone  string   `json:"timezone"`
	Purposes  []string `json:"purposes"`
	Audiences []string `json:"audiences"`
	// ViewGate is policy.ViewGateRequired, or policy.ViewGateRecorded or empty.
	ViewGate string `json:"view_gate,omitempty"`
}

// defaultTown stands until another is set.
func defaultTown() *Town {
	return &Town{Timezone: "Asia/Shanghai", Purposes: []string{"public_safety", "emergency"}}
}

// load reads the whole world and verifies the consents' chain.
func load(ctx context.Context, tx *sql.Tx) (*policy.World, error) {
	data, err := loadData(ctx, tx)
	if err != nil {
		return nil, err
	}
	world, err := policy.NewWorld(data)
	if err != nil {
		return nil, unreadable("read registry: %w", err)
	}
	return world, nil
}

func loadData(ctx context.Context, tx *sql.Tx) (policy.WorldData, error) {
	var d policy.WorldData
	defaultTown().fill(&d)
	err := each(ctx, tx, "town", func(_ string, t *Town) error {
		t.fill(&d)
		return nil
	})
	if err != nil {
		return d, err
	}
	cameras := map[string]*policy.Camera{}
	err = errors.Join(
		each(ctx, tx, "places", func(_ string, p *shouwang.Place) error { d.Places = append(d.Places, *p); return nil }),
		each(ctx, tx, "units", func(_ string, u *policy.Unit) error { d.Units = append(d.Units, *u); return nil }),
		each(ctx, tx, "cameras", func(_ string, c *cameraDoc) error {
			cam := c.forRules()
			cameras[cam.ID] = cam
			d.Cameras = append(d.Cameras, cam)
			return nil
		}),
		loadList(ctx, tx, "principals", &d.Principals),
		loadList(ctx, tx, "cases", &d.Cases),
		loadList(ctx, tx, "incidents", &d.Incidents),
		loadList(ctx, tx, "orders", &d.Orders),
		loadList(ctx, tx, "subject_requests", &d.SubjectRequests),
		loadList(ctx, tx, "footage", &d.Footage),
		loadList(ctx, tx, "holds", &d.Holds),
	)
	if err != nil {
		return d, err
	}
	return d, loadConsents(ctx, tx, func(c *policy.Consent) {
		if cam, ok := cameras[c.Camera]; ok {
			cam.Consents = append(cam.Consents, c)
		}
	})
}

func (t *Town) fill(d *policy.WorldData) {
	d.Timezone, d.Purposes, d.Audiences, d.ViewGate = t.Timezone, t.Purposes, t.Audiences, t.ViewGate
}

func loadList[T any](ctx context.Context, tx *sql.Tx, table string, into *[]*T) (err error) {
	*into, err = list[T](ctx, tx, table)
	return err
}
