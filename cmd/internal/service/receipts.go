package service

import (
	"context"

	"shouwang/policy"
	"shouwang/web/receipts"
)

// receiptStore shows the receipts to the room that hands them out on paper.
type receiptStore struct{ consents consents }

// Paper returns a receipt that was given.
func (s receiptStore) Paper(ctx context.Context, id string) (receipts.Paper, error) {
	r, err := s.consents.Receipt(ctx, id)
	if err != nil {
		return receipts.Paper{}, err
	}
	p := receipts.Paper{
		ID: r.ID, At: r.At, Camera: r.Camera, Consent: r.Consent, State: policy.ConsentState(r.State),
		Keys: r.KeysGone, Segments: r.ErasedClips, Bytes: r.ErasedBytes, Signed: r.Signed,
	}
	for _, h := range r.Held {
		p.Held = append(p.Held, receipts.Held{Case: h.Case, Until: h.Until})
	}
	return p, nil
}

// PublicKey returns the key that papers are verified with.
func (s receiptStore) PublicKey() string { return s.consents.notary.Key() }
