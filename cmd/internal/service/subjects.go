package service

import (
	"context"

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

// PutPrincipal keeps a person who has no account.
func (s subjectStore) PutPrincipal(ctx context.Context, p policy.Principal) error {
	if err := s.registry.PutPrincipal(ctx, p); err != nil {
		return err
	}
	return s.refresh(ctx)
}
