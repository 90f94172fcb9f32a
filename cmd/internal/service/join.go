package service

import (
	"context"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/storage/registry"
	"shouwang/web/join"
)

// join joins the room in which owners are asked to its neighbours.
func (s *Service) join() join.Deps {
	return join.Deps{
		Gate: s.node.gate, Audit: s.ledger, Register: invitations{s.node.registry, s.node.refresh},
		Consents: answers{s.consents()}, Accounts: s.auth, Sign: s.notary.Sign, Changed: s.consentChanged,
	}
}

// consentChanged tells other processes that a consent changed; the gate tells
// this one.
func (s *Service) consentChanged(ctx context.Context, next *policy.Consent) {
	change := shouwang.ConsentChange{Camera: cameraOf(next.Camera), State: string(next.State)}
	if _, err := s.node.bus.Publish(ctx, shouwang.TopicConsent, change); err != nil {
		s.log.Error("publish change of consent", "consent", next.Ref(), "error", err)
	}
}

// invitations keeps invitations in the register.
type invitations struct {
	*registry.Registry
	refresh func(ctx context.Context) error // puts the register's world in force
}

// Invite keeps an invitation and the asking.
func (i invitations) Invite(ctx context.Context, inv *papers.Invitation, asked *policy.Consent) error {
	if err := i.Registry.Invite(ctx, inv, asked); err != nil {
		return err
	}
	return i.refresh(ctx)
}

// answers carries out what owners answer.
type answers struct{ consents }

// Settle uses an invitation up and carries out what the answer means.
func (a answers) Settle(ctx context.Context, in join.Answer) (receipt string, err error) {
	err = a.registry.AnswerInvitation(ctx, registry.Answer{
		Invitation: in.Invitation, State: in.State, At: in.At, Consent: in.Consent,
		Owner: in.Owner, Person: in.Person, Account: in.Account,
	})
	if err != nil {
		return "", err
	}
	if in.Consent == nil {
		return "", a.refresh(ctx)
	}
	return a.carryOut(ctx, in.Consent)
}

// Append stores a version and carries out what it means.
func (a answers) Append(ctx context.Context, next *policy.Consent) (receipt string, err error) {
	r, err := a.consents.Append(ctx, next)
	return r.ID, err
}

func (a answers) carryOut(ctx context.Context, next *policy.Consent) (string, error) {
	r, err := a.enforce(ctx, next)
	return r.ID, err
}

// Versions returns every version of a record.
func (a answers) Versions(ctx context.Context, id string) ([]*policy.Consent, error) {
	return a.registry.Consents(ctx, id)
}
