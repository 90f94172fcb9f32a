package service

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/evidence"
	"shouwang/storage/ledger"
	"shouwang/storage/notary"
	"shouwang/web/export"
	"shouwang/web/viewcopy"
	"shouwang/web/watch"
)

// exportStore packs evidence out of the recordings, the catalog and the log.
type exportStore struct {
	holdStore
	footage footage
	ledger  *ledger.Ledger
	notary  *notary.Notary
	render  watch.Renderer // for veiled copies
}

// veiledBytes bounds a veiled copy, which is made in memory: an hour at 640x360
// takes a third of it.
const veiledBytes = 384 << 20

// exportsMeta is where the catalog keeps the list of granted packages.
const exportsMeta = "exports"

// Keep implements export.Store.
func (s exportStore) Keep(ctx context.Context, list []byte) error {
	return s.node.archive.Catalog.SetMeta(ctx, exportsMeta, string(list))
}

// Kept implements export.Store.
func (s exportStore) Kept(ctx context.Context) ([]byte, error) {
	raw, err := s.node.archive.Catalog.Meta(ctx, exportsMeta)
	return []byte(raw), err
}

// exportHold is how long what was exported is kept for its case.
const exportHold = 30 * 24 * time.Hour

// Hold implements export.Store.
func (s exportStore) Hold(ctx context.Context, j *export.Job) error {
	_, err := s.Place(ctx, policy.Hold{
		ID: "hold-" + j.ID, Case: j.Request.Case, Camera: j.Camera.ID, From: j.Span.From, To: j.Span.To, PlacedBy: j.Request.Principal,
		ApprovedBy: j.Grant.SecondPerson(), Placed: j.Made, Until: j.Made.Add(exportHold), Reason: "exported as " + j.ID,
	}, j.Decision.DecisionID)
	return err
}

// Pack implements export.Store.
func (s exportStore) Pack(ctx context.Context, w io.Writer, j *export.Job) error {
	camera := j.Camera.CameraID()
	m := manifestOf(j)
	if err := s.describe(ctx, camera, j.Span, &m); err != nil {
		return err
	}
	proof, err := s.ledger.Proof(ctx, j.LogEntry)
	if err != nil {
		return err
	}
	if j.Form == export.Veiled {
		film, err := s.veiled(ctx, j)
		if err != nil {
			return err
		}
		return evidence.Pack(w, m, bytes.NewReader(film), proof, s.notary)
	}
	file, err := s.footage.File(ctx, j.Grant, camera, j.Span)
	if err != nil {
		return err
	}
	defer file.Close()
	return evidence.Pack(w, m, file, proof, s.notary)
}

// veiled makes the copy in which nobody can be recognised.
func (s exportStore) veiled(ctx context.Context, j *export.Job) ([]byte, error) {
	units, err := s.footage.Units(ctx, j.Grant, j.Camera.CameraID(), j.Span)
	if err != nil {
		return nil, err
	}
	defer units.Close()
	film, err := viewcopy.Render(ctx, s.render, units, j.Veil, veiledBytes)
	if err != nil {
		return nil, fmt.Errorf("make veiled copy of %s: %w", j.Camera.ID, err)
	}
	return film, nil
}

// describe adds what is missing in the stretch, and how wrong the clock was.
func (s exportStore) describe(ctx context.Context, camera shouwang.CameraID, span shouwang.Span, m *evidence.Manifest) error {
	catalog := s.node.archive.Catalog
	gaps, err := catalog.Gaps(ctx, camera, shouwang.StreamMain, span)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		m.Gaps = append(m.Gaps, evidence.Gap{From: g.From.UTC(), To: g.To.UTC(), Cause: g.Cause})
	}
	segments, err := catalog.Segments(ctx, camera, "", span)
	for i := range segments {
		offset, wide := segments[i].Offset.Seconds()*1e3, segments[i].Uncertainty.Seconds()*1e3
		if math.Abs(offset) > math.Abs(m.Clock.OffsetMS) {
			m.Clock.OffsetMS = offset
		}
		m.Clock.UncertaintyMS = max(m.Clock.UncertaintyMS, wide)
	}
	return err
}

func manifestOf(j *export.Job) evidence.Manifest {
	m := evidence.Manifest{
		ID: j.ID, Made: j.Made, Camera: j.Camera.ID, CameraName: j.Camera.Name, Place: j.Place, LegalClass: j.Camera.LegalClass,
		From: j.Span.From.UTC(), To: j.Span.To.UTC(), Gaps: []evidence.Gap{}, Case: j.Request.Case, Order: j.Request.Order, Purpose: j.Request.Purpose,
		Form: string(j.Form), Reason: j.Reason, Recipient: j.Recipient, Requester: j.Request.Principal, Approver: j.Grant.SecondPerson(), LogEntry: j.LogEntry,
		Decision: evidence.Decision{ID: j.Decision.DecisionID, PolicySet: j.Decision.PolicySet, Consent: j.Decision.Consent, Reasons: []string{}, Obligations: []string{}},
	}
	for _, r := range j.Decision.Reasons {
		m.Decision.Reasons = append(m.Decision.Reasons, string(r))
	}
	for _, o := range j.Decision.Obligations {
		m.Decision.Obligations = append(m.Decision.Obligations, string(o.ID))
	}
	return m
}
