package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"shouwang/policy"
	"shouwang/storage/registry"
)

// subjectStore keeps filmed persons and what they ask in the register, and puts
// both in force.
type subjectStore struct {
	registry *registry.Registry
	refresh  func(ctx context.Context) error
}

// PutSubjectRequest keeps a request.
func (s subjectStore) PutSubjectRequest(ctx context.Context, r policy.SubjectRequest) error {
	if err := s.registry.PutSubjectRequest(ctx, r); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// forget removes requests that closed a month ago, and who made them, and notes
// it in the access log without a name.
func (s *Service) forget(ctx context.Context, now time.Time) error {
	if !slices.ContainsFunc(s.node.gate.World().SubjectRequests(), func(r *policy.SubjectRequest) bool { return r.Forgotten(now) }) {
		return nil
	}
	gone, err := s.node.registry.ForgetSubjectRequests(ctx, now)
	if err != nil {
		return err
	}
	err = s.node.refresh(ctx)
	for _, id := range gone {
		_, logged := s.ledger.Append(ctx, policy.Entry{At: now, Kind: "subject_request", Principal: "service:shouwang", Action: policy.Playback, Detail: "forgotten " + id})
		err = errors.Join(err, logged)
	}
	return err
}

// PutPrincipal keeps a person who has no account.
func (s subjectStore) PutPrincipal(ctx context.Context, p policy.Principal) error {
	if err := s.registry.PutPrincipal(ctx, p); err != nil {
		return err
	}
	return s.refresh(ctx)
}
