package service

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/ledger"
	"shouwang/web/transparency"
)

// transparencyRoom joins the room of the access log to the log.
func (s *Service) transparencyRoom() transparency.Deps {
	return transparency.Deps{Public: publicLog{s.ledger, s.cosigner}, Looks: looks{s.ledger}, Gate: s.node.gate}
}

// openWitnesses joins the log to those who cosign it.
func (s *Service) openWitnesses(context.Context) (err error) {
	s.cosigner, err = ledger.NewCosigner(s.ledger, s.cfg.Transparency.CosignConfig, s.clock)
	return err
}

// publicLog is the public half of the access log.
type publicLog struct {
	ledger   *ledger.Ledger
	cosigner *ledger.Cosigner
}

// Key returns the public key.
func (p publicLog) Key() string { return p.ledger.VerifierKey() }

// Checkpoint returns the newest cosigned checkpoint, or the newest at all.
func (p publicLog) Checkpoint(ctx context.Context, newest bool) (string, uint64, error) {
	head, err := p.ledger.Head(ctx)
	if newest && err == nil {
		head, err = p.ledger.Newest(ctx)
	}
	return head.Raw, head.Size, err
}

// Inclusion proves an entry's place.
func (p publicLog) Inclusion(ctx context.Context, place, size uint64) ([][]byte, error) {
	return p.ledger.Inclusion(ctx, place, size)
}

// Consistency proves that a log continues an older one.
func (p publicLog) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	return p.ledger.Consistency(ctx, from, to)
}

// File returns a file of the log below tile/; its name has been checked.
func (p publicLog) File(path string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(p.ledger.PublicDir(), "tile", filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "the log has no file tile/%s", path)
	}
	return raw, err
}

// State tells how the log and its witnesses stand.
func (p publicLog) State(ctx context.Context) transparency.State {
	out := transparency.State{Key: p.ledger.VerifierKey(), Origin: p.ledger.Origin(), Quorum: p.cosigner.Quorum()}
	stats, err := p.ledger.Stats(ctx)
	out.Size, out.Failing = stats.Published, stats.Failing
	if err != nil && out.Failing == "" {
		out.Failing = "its checkpoint cannot be read"
	}
	if head := p.ledger.CosignedHead(); head != nil {
		out.Cosigned = head.Size
	}
	for _, w := range p.cosigner.States() {
		out.Witnesses = append(out.Witnesses, transparency.WitnessState{
			Name: w.Name, Key: w.Key, Size: w.Size, At: w.At, Away: w.Away != "", Since: w.Since, Refuses: w.Refuses,
		})
	}
	return out
}

// looks reads the access log for web.
type looks struct{ ledger *ledger.Ledger }

// Looks returns what concerns a camera, newest first.
func (l looks) Looks(ctx context.Context, camera string, span shouwang.Span) ([]transparency.Logged, error) {
	found, err := l.ledger.Looks(ctx, camera, span)
	if err != nil {
		return nil, err
	}
	out := make([]transparency.Logged, len(found))
	for i, f := range found {
		out[i] = transparency.Logged(f)
	}
	return out, nil
}

// sealed reports whether a look's owner is not to be told of it yet.
func (l looks) sealed(ctx context.Context, look policy.Entry, index uint64) bool {
	if look.Case == "" {
		return false
	}
	span := shouwang.Span{From: look.At.Add(-policy.LongestDeferral)}
	found, err := l.ledger.Entries(ctx, ledger.Query{Camera: look.Camera, Kinds: []string{policy.KindDefer, policy.KindReveal}, Span: span})
	if err != nil {
		return true // the page tells all the same; only the hurry is lost
	}
	about := make([]policy.Numbered, len(found))
	for i := range found {
		about[i] = policy.Numbered{Index: found[i].Index, Entry: &found[i].Entry}
	}
	until, _ := policy.SealedUntil(policy.Numbered{Index: index, Entry: &look}, about)
	return !until.IsZero()
}
