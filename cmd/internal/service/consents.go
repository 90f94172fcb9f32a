package service

import (
	"context"
	"encoding/json"
	"fmt"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/catalog"
	"shouwang/storage/notary"
	"shouwang/storage/receipt"
	"shouwang/storage/registry"
	"shouwang/web/mine"
)

// consents keeps the consent records for web and carries out what a new
// version means before it answers.
type consents struct {
	registry *registry.Registry
	catalog  *catalog.DB
	eraser   *eraser
	notary   *notary.Notary
	refresh  func(ctx context.Context) error // puts the register's world in force
}

// Append stores the version, puts it in force, and erases what it ends.
func (c consents) Append(ctx context.Context, next *policy.Consent) (mine.Receipt, error) {
	release := c.eraser.claim(cameraOf(next.Camera))
	err := c.registry.AppendConsent(ctx, next)
	var r mine.Receipt
	if err == nil {
		r, err = c.enforce(ctx, next)
	}
	release(err == nil)
	return r, err
}

// enforce puts a stored version in force, erases what it ends and writes the
// receipt.
func (c consents) enforce(ctx context.Context, next *policy.Consent) (mine.Receipt, error) {
	if err := c.refresh(ctx); err != nil {
		return mine.Receipt{}, err
	}
	camera := cameraOf(next.Camera)
	erased := erasure{log: -1}
	if reason, yes := ended(c.eraser.gate.World(), camera); yes {
		var err error
		if erased, err = c.eraser.erase(ctx, camera, string(reason)); err != nil {
			return mine.Receipt{}, err
		}
	}
	return c.receipt(ctx, next, erased)
}

// receipt writes down what happened for the resident to keep.
func (c consents) receipt(ctx context.Context, v *policy.Consent, erased erasure) (mine.Receipt, error) {
	stored, err := c.registry.Consents(ctx, v.ID)
	if err != nil {
		return mine.Receipt{}, err
	}
	r := mine.Receipt{
		ID: receiptID(v.ID, v.Version), At: c.eraser.clock().UTC(), Camera: v.Camera, Consent: v.Ref(), State: string(v.State),
		KeysGone: len(erased.Keys), ErasedBytes: erased.Bytes, ErasedClips: erased.Segments,
	}
	if n := len(stored); n > 0 {
		r.RecordHash = stored[n-1].RecordHash
	}
	for _, h := range erased.Held {
		r.Held = append(r.Held, mine.HeldBy{Case: h.Case, Until: h.Until, Reason: "hold"})
	}
	if erased.log >= 0 {
		r.LogIndex = &erased.log
	}
	if r.Signed, err = c.sign(&r, erased.Keys); err != nil {
		return r, err
	}
	if err := c.keep(ctx, &r); err != nil || erased.waits == "" {
		return r, err
	}
	return r, c.eraser.given(ctx, erased.waits, r.ID)
}

func receiptID(consent string, version int) string { return fmt.Sprintf("%s-%d", consent, version) }

// keep stores a receipt.
func (c consents) keep(ctx context.Context, r *mine.Receipt) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return c.catalog.SetMeta(ctx, "receipt/"+r.ID, string(raw))
}

// sign writes the receipt down as the paper that verifies by itself.
func (c consents) sign(r *mine.Receipt, keys []string) (string, error) {
	paper := receipt.Receipt{
		ID: r.ID, At: r.At, Camera: r.Camera, Consent: r.Consent, State: r.State, Record: r.RecordHash, Keys: r.KeysGone,
		KeysHash: receipt.HashKeys(keys), Segments: r.ErasedClips, Bytes: r.ErasedBytes, Log: -1,
	}
	if r.LogIndex != nil {
		paper.Log = *r.LogIndex
	}
	for _, h := range r.Held {
		paper.Held = append(paper.Held, receipt.Held{Case: h.Case, Until: h.Until})
	}
	text, err := paper.Text()
	if err != nil {
		return "", err
	}
	return c.notary.Sign(text)
}

// Receipt returns a receipt that was given.
func (c consents) Receipt(ctx context.Context, id string) (mine.Receipt, error) {
	raw, err := c.catalog.Meta(ctx, "receipt/"+id)
	if err != nil {
		return mine.Receipt{}, err
	}
	if raw == "" {
		return mine.Receipt{}, shouwang.Errorf(shouwang.CodeNotFound, "there is no receipt %s", id)
	}
	var r mine.Receipt
	if err := json.Unmarshal([]byte(raw), &r); err != nil {
		return r, fmt.Errorf("read receipt %s: %w", id, err)
	}
	return r, nil
}

// Erasable returns what a withdrawal now would erase.
func (c consents) Erasable(ctx context.Context, camera shouwang.CameraID) (clips int, bytes int64, err error) {
	list, err := c.catalog.Clips(ctx, catalog.ClipQuery{Camera: camera, Limit: 1000})
	if err != nil {
		return 0, 0, err
	}
	bytes, err = c.catalog.Readable(ctx, camera)
	return len(list), bytes, err
}

func cameraOf(resource string) shouwang.CameraID {
	const prefix = "camera:"
	if len(resource) > len(prefix) && resource[:len(prefix)] == prefix {
		return shouwang.CameraID(resource[len(prefix):])
	}
	return shouwang.CameraID(resource)
}
