package service

import (
	"context"
	"io"
	"math"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/evidence"
	"shouwang/storage/ledger"
	"shouwang/storage/notary"
	"shouwang/web/export"
)

// exportStore packs evidence out of the recordings, the catalog and the log.
type exportStore struct {
	holdStore
	footage footage
	ledger  *ledger.Ledger
	notary  *notary.Notary
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
	file, err := s.footage.File(ctx, j.Grant, camera, j.Span)
	if err != nil {
		return err
	}
	defer file.Close()
	return evidence.Pack(w, m, file, proof, s.notary)
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
		Reason: j.Reason, Recipient: j.Recipient, Requester: j.Request.Principal, Approver: j.Grant.SecondPerson(), LogEntry: j.LogEntry,
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
