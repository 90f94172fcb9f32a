package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/storage/archive"
	"shouwang/storage/catalog"
	"shouwang/storage/receipt"
	"shouwang/storage/retain"
)

// eraser makes recordings unreadable whose consent has ended. It goes by what
// stands, not by what happened: whoever changed the consent, and even if the
// service died in between, the next look at the world finds what is left to do.
type eraser struct {
	gate    *gate.Gate
	archive *archive.Archive
	audit   policy.Auditor
	clock   func() time.Time
	log     *slog.Logger

	mu sync.Mutex // one erasure at a time

	// claimed cameras are being erased by whoever writes the receipt: or somebody
	// else would do it first, and the receipt would say that nothing was there to
	// destroy.
	claims  sync.Mutex
	claimed map[shouwang.CameraID]int
}

// ended reports whether nothing recorded of the camera may exist any longer,
// holds aside: it is no department's, and every consent for it has ended.
func ended(world *policy.World, camera shouwang.CameraID) (reason policy.Reason, yes bool) {
	c, ok := world.Camera(policy.CameraResource(camera))
	if !ok {
		return policy.ReasonUnknownResource, true
	}
	if c.LegalClass == shouwang.ClassPublic {
		return "", false
	}
	reason = policy.ReasonNoConsent
	for _, consent := range world.CurrentConsents(c.ID) {
		switch consent.State {
		case policy.Given, policy.Renewed, policy.Paused, policy.Expired:
			return "", false
		}
		reason = policy.Reason("consent_" + string(consent.State))
	}
	return reason, true
}

// reconcile erases what may no longer exist, of every camera of which anything
// readable is left.
func (e *eraser) reconcile(ctx context.Context) error {
	cameras, err := e.archive.Catalog.Cameras(ctx)
	if err != nil {
		return err
	}
	for _, camera := range cameras {
		if err := e.eraseEnded(ctx, camera); err != nil {
			return err
		}
	}
	return nil
}

// eraseEnded erases one camera if that is due and nobody has claimed it. The
// world is read before the claim: a claim is made before what it is for.
func (e *eraser) eraseEnded(ctx context.Context, camera shouwang.CameraID) error {
	reason, yes := ended(e.gate.World(), camera)
	e.claims.Lock()
	claimed := e.claimed[camera] > 0
	e.claims.Unlock()
	if !yes || claimed {
		return nil
	}
	_, err := e.erase(ctx, camera, string(reason))
	return err
}

// claim leaves what a change of consent ends to the caller until release, who
// says whether it was done; what was not is done then.
func (e *eraser) claim(camera shouwang.CameraID) (release func(done bool)) {
	add := func(n int) {
		e.claims.Lock()
		defer e.claims.Unlock()
		if e.claimed == nil {
			e.claimed = map[shouwang.CameraID]int{}
		}
		if e.claimed[camera] += n; e.claimed[camera] == 0 {
			delete(e.claimed, camera)
		}
	}
	add(1)
	return func(done bool) {
		add(-1)
		if done {
			return
		}
		if err := e.eraseEnded(context.Background(), camera); err != nil {
			e.log.Error("what consent no longer covers is not erased yet", "camera", camera, "error", err)
		}
	}
}

// erasure is what was destroyed, and its entry in the access log: -1 for none,
// because nothing was destroyed or because the entry waits to be written.
type erasure struct {
	retain.Receipt
	log   int64
	waits string // names the entry that waits
}

// erase stops the recording of a camera and destroys its keys, except what a
// hold or a statutory order names. It is done when it returns, and logged.
func (e *eraser) erase(ctx context.Context, camera shouwang.CameraID, why string) (erasure, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.archive.StopRecording(ctx, camera)
	left, err := e.archive.Catalog.Readable(ctx, camera)
	if err == nil && left > 0 {
		err = e.holdOrdered(ctx, camera)
	}
	if err != nil {
		return erasure{log: -1}, err
	}
	// Even with nothing to read left a key may be: of a segment that was open.
	receipt, err := e.archive.Erase(ctx, camera, why)
	if err != nil {
		return erasure{Receipt: receipt, log: -1}, fmt.Errorf("erase %s: %w", camera, err)
	}
	if len(receipt.Keys) == 0 && receipt.Segments == 0 {
		return erasure{Receipt: receipt, log: -1}, nil
	}
	e.log.Info("recordings erased", "camera", camera, "reason", why, "keys", len(receipt.Keys), "segments", receipt.Segments, "held", len(receipt.Held))
	out := erasure{Receipt: receipt}
	out.log, out.waits = e.note(ctx, camera, why, receipt)
	return out, nil
}

// note logs a destruction. One that cannot be logged has happened all the same,
// since erasing never waits for the log: its entry is kept and written later.
func (e *eraser) note(ctx context.Context, camera shouwang.CameraID, why string, r retain.Receipt) (index int64, waits string) {
	entry := policy.Entry{
		At: e.clock(), Kind: "destroy", Principal: "service:storage", Camera: policy.CameraResource(camera),
		Decision: "allow", Reasons: []policy.Reason{policy.Reason(why)},
		Detail: fmt.Sprintf("%d keys (%s), %d segments, %d bytes", len(r.Keys), receipt.HashKeys(r.Keys), r.Segments, r.Bytes),
	}
	at, err := e.audit.Append(ctx, entry)
	if err == nil {
		return int64(at), ""
	}
	e.log.Error("an erasure could not be logged; its entry is kept and tried again", "camera", camera, "error", err)
	u := unlogged{ID: entry.At.UTC().Format(time.RFC3339Nano) + " " + string(camera), Entry: entry, Keys: r.Keys}
	if err := e.keepUnlogged(ctx, func(list []unlogged) []unlogged { return append(list, u) }); err != nil {
		e.log.Error("an erasure's entry could not be kept", "camera", camera, "error", err)
	}
	return -1, u.ID
}

// holdOrdered puts what holds and statutory orders of the world name under
// case keys, before the camera's own keys go.
func (e *eraser) holdOrdered(ctx context.Context, camera shouwang.CameraID) error {
	world, now := e.gate.World(), e.clock()
	resource := policy.CameraResource(camera)
	held, err := e.archive.Catalog.Holds(ctx, camera)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, h := range held {
		known[h.ID] = true
	}
	var wanted []catalog.Hold
	for _, h := range world.HoldsOf(resource) {
		if h.Active(now) {
			wanted = append(wanted, catalog.Hold{
				ID: h.ID, Case: h.Case, Camera: camera, Span: shouwang.Span{From: h.From, To: h.To},
				PlacedBy: h.PlacedBy, Second: h.ApprovedBy, Until: h.Until, Decision: "hold:" + h.ID,
			})
		}
	}
	for _, o := range world.OrdersOn(resource, now) {
		wanted = append(wanted, catalog.Hold{
			ID: "order-" + o.ID + "-" + string(camera), Case: "order-" + o.ID, Camera: camera, Span: shouwang.Span{From: o.From, To: o.To},
			PlacedBy: "order:" + o.ID, Second: "authority:" + strings.ReplaceAll(o.Authority, " ", "-"), Until: o.ValidTo, Decision: "order:" + o.ID,
		})
	}
	for _, h := range wanted {
		if known[h.ID] {
			continue
		}
		if _, err := e.archive.Keeper.Place(ctx, h); err != nil && shouwang.CodeOf(err) != shouwang.CodeNotFound {
			return fmt.Errorf("hold %s before erasing: %w", h.ID, err)
		}
	}
	return nil
}
