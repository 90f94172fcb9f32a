package service

import (
	"context"
	"errors"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage"
	"shouwang/storage/catalog"
)

// keyState tells what has become of the keys of a stretch; one readable segment
// is enough to play something. A department's camera whose filing or consent
// ended is frozen until its statutory period ends; of any other whose consent
// ended only what a hold keeps is left.
func keyState(world *policy.World, camera shouwang.CameraID, now time.Time, segments []storage.Segment) policy.KeyState {
	if len(segments) == 0 {
		return policy.KeyNone
	}
	readable := false
	for i := range segments {
		readable = readable || segments[i].State != storage.SegmentErased
	}
	if !readable {
		return policy.KeyShredded
	}
	cam, ok := world.Camera(policy.CameraResource(camera))
	switch {
	case ok && cam.LegalClass == shouwang.ClassPublic:
		if frozen(world, cam, now) {
			return policy.KeyFrozen
		}
	default:
		if _, over := ended(world, camera); over {
			return policy.KeyHeld
		}
	}
	return policy.KeyLive
}

// frozen reports whether nothing more may be done with a department's camera
// but keep what the statute keeps.
func frozen(world *policy.World, cam *policy.Camera, now time.Time) bool {
	if f := cam.Filing; f != nil && !f.To.IsZero() && !now.Before(f.To) {
		return true
	}
	consents := world.CurrentConsents(cam.ID)
	for _, c := range consents {
		switch c.State {
		case policy.Withdrawn, policy.Terminated, policy.Invalidated:
		default:
			return false
		}
	}
	return len(consents) > 0
}

// holdStore keeps holds in the catalog, which has the keys, and in the
// register, which the rules look at.
type holdStore struct {
	node   *node
	eraser *eraser
}

// KeyState implements holds.Store.
func (s holdStore) KeyState(ctx context.Context, camera shouwang.CameraID, span shouwang.Span) (policy.KeyState, error) {
	s.node.recorder.Flush(ctx, camera) // what is being recorded can be held, too
	segments, err := s.node.archive.Catalog.Segments(ctx, camera, "", span)
	if err != nil {
		return "", err
	}
	return keyState(s.node.gate.World(), camera, s.node.clock(), segments), nil
}

// Place implements holds.Store: keys first, so that an erasure that runs at the
// same moment finds them wrapped or the hold not there at all.
func (s holdStore) Place(ctx context.Context, h policy.Hold, decision string) (int, error) {
	s.eraser.mu.Lock()
	defer s.eraser.mu.Unlock()
	kept := catalog.Hold{
		ID: h.ID, Case: h.Case, Camera: cameraOf(h.Camera), Span: shouwang.Span{From: h.From, To: h.To},
		PlacedBy: h.PlacedBy, Second: h.ApprovedBy, Until: h.Until, Decision: decision,
	}
	n, err := s.node.archive.Keeper.Place(ctx, kept)
	if err != nil {
		return 0, err
	}
	if err := s.node.registry.PutHold(ctx, h); err != nil {
		return 0, errors.Join(err, s.node.archive.Keeper.Release(ctx, kept, "system:undo"))
	}
	return n, s.node.refresh(ctx)
}

// Release implements holds.Store.
func (s holdStore) Release(ctx context.Context, h policy.Hold, decision string) error {
	s.eraser.mu.Lock()
	defer s.eraser.mu.Unlock()
	if err := s.node.registry.PutHold(ctx, h); err != nil {
		return err
	}
	held, err := s.node.archive.Catalog.Holds(ctx, cameraOf(h.Camera))
	if err != nil {
		return err
	}
	for _, kept := range held {
		if kept.ID == h.ID {
			err = errors.Join(err, s.node.archive.Keeper.Release(ctx, kept, decision))
		}
	}
	return errors.Join(err, s.node.refresh(ctx))
}

// lapsed logs a hold that ended by its day.
func (s *Service) lapsed(ctx context.Context, h catalog.Hold, decision string) {
	if decision != sweepDecision {
		return // who released it is in the log
	}
	_, err := s.ledger.Append(ctx, policy.Entry{
		At: s.clock(), Kind: "release", Principal: "service:storage", Action: policy.ReleaseHold, Camera: policy.CameraResource(h.Camera),
		From: h.Span.From, To: h.Span.To, Case: h.Case, Decision: "allow", Detail: h.ID + " lapsed on its day",
	})
	if err != nil {
		s.log.Error("a hold's end could not be logged", "hold", h.ID, "error", err)
	}
}

// sweepDecision is the decision id of what retention does by itself.
const sweepDecision = "system:retention"
