package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/tlog"

	"shouwang/storage/ledger/checkpoint"
)

// What a problem is about, at the head of its line.
const (
	Signature = "signature" // a checkpoint is not the log's, or too few witnesses have cosigned
	Changed   = "changed"   // an entry is not what was logged
	Reordered = "reordered" // entries stand in another order
	Dropped   = "dropped"   // entries are missing
	Split     = "split"     // two signed checkpoints cannot be of one log
	Damaged   = "damaged"   // tiles that do not fit the entries
)

// Report is what Verify found.
type Report struct {
	Size     uint64                   // entries under the newest checkpoint
	Head     string                   // that checkpoint; "" if it does not verify
	Cosigned []checkpoint.Cosignature // the witnesses of the trust that have signed it, or the last one that they did
	Details  uint64                   // clear lines compared with their commitment
	Erased   uint64                   // entries whose clear line was erased
	Waiting  uint64                   // entries not yet under a checkpoint
	Problems []string                 // "KIND: what", one line each; none means that all is as it was written
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) problem(kind, format string, args ...any) {
	const enough = 100 // a log rewritten from the front on needs no longer list
	if len(r.Problems) < enough {
		r.Problems = append(r.Problems, kind+": "+fmt.Sprintf(format, args...))
	}
}

// Verify reads a public log folder (Config.Dir/public, or a copy of it) from
// end to end with the public key alone. It is VerifyLog without witnesses.
func Verify(ctx context.Context, dir, vkey string, seen []string, progress func(done, of uint64)) (*Report, error) {
	return VerifyLog(ctx, Folder(dir), checkpoint.Trust{Key: vkey}, seen, progress)
}

// VerifyLog reads a public log from end to end: the checkpoint's signature and
// cosignatures, every commitment hashed up to the signed root, every tile
// against the commitments, and that each checkpoint in seen, kept from earlier
// or had from a witness, is one the log passed through. progress, which may be
// nil, is told how many entries are done. The error is about reading; what is
// wrong with the log is in the report.
func VerifyLog(ctx context.Context, src Source, trust checkpoint.Trust, seen []string, progress func(done, of uint64)) (*Report, error) {
	raw, err := src.Read(ctx, checkpointPath)
	if err != nil {
		return nil, unreadable("verify access log: %w", err)
	}
	r := &Report{}
	cp, err := checkpoint.Open(string(raw), trust)
	if err != nil {
		r.problem(Signature, "%v", err)
		return r, nil
	}
	r.Size, r.Head, r.Cosigned = cp.Size, cp.Raw, cp.Cosigned
	v := &walk{report: r, src: src, wanted: map[uint64][]wanted{cp.Size: {{cp.Root, Changed}}}}
	if err := v.newest(ctx, trust.Key); err != nil {
		return nil, err
	}
	for i, text := range seen {
		old, err := checkpoint.Open(text, checkpoint.Trust{Key: trust.Key})
		switch {
		case err != nil:
			r.problem(Signature, "checkpoint %d of those kept: %v", i+1, err)
		case old.Size > r.Size:
			r.problem(Dropped, "the log has %d entries and had %d: entries were dropped, or an older log is shown", r.Size, old.Size)
		default:
			v.wanted[old.Size] = append(v.wanted[old.Size], wanted{old.Root, Split})
		}
	}
	return r, v.run(ctx, progress)
}

// newest goes on to the newest checkpoint, where the one that witnesses have
// cosigned is older.
func (w *walk) newest(ctx context.Context, key string) error {
	raw, err := w.src.Read(ctx, newestPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a mirror holds one checkpoint
	}
	if err != nil {
		return unreadable("verify access log: %w", err)
	}
	cp, err := checkpoint.Open(string(raw), checkpoint.Trust{Key: key})
	if err != nil {
		w.report.problem(Signature, "the newest checkpoint: %v", err)
		return nil
	}
	if cp.Size > w.report.Size {
		w.report.Size, w.report.Head = cp.Size, cp.Raw
		w.wanted[cp.Size] = append(w.wanted[cp.Size], wanted{cp.Root, Changed})
	}
	return nil
}

// wanted is a root that the log must have at some size, and what it means when
// it has not.
type wanted struct {
	root tlog.Hash
	kind string
}

// walk hashes a log from its first entry on. It holds the roots of the complete
// subtrees so far, so its memory does not grow with the log.
type walk struct {
	report *Report
	src    Source
	wanted map[uint64][]wanted
	peaks  []tlog.Hash   // of complete subtrees, largest first
	levels [][]tlog.Hash // per tile level: the tile under way
}

func (w *walk) run(ctx context.Context, progress func(done, of uint64)) error {
	w.check(0)
	for first := uint64(0); first < w.report.Size; first += layout.EntryBundleWidth {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(layout.EntryBundleWidth, w.report.Size-first)
		leaves, err := w.bundle(ctx, first/layout.EntryBundleWidth, n)
		if err != nil {
			return err
		}
		if uint64(len(leaves)) < n {
			w.report.problem(Dropped, "entries %d to %d are missing or cannot be read", first+uint64(len(leaves)), first+n-1)
			return nil
		}
		for i, leaf := range leaves[:n] {
			if err := w.add(ctx, first+uint64(i), tlog.RecordHash(leaf)); err != nil {
				return err
			}
		}
		if progress != nil {
			progress(first+n, w.report.Size)
		}
	}
	for level := range w.levels {
		if err := w.tile(ctx, level, w.report.Size>>(8*level)/layout.TileWidth, w.levels[level]); err != nil {
			return err
		}
	}
	return nil
}

// bundle reads one file of commitments: the partial one of the log's present
// size, or the full one. One that is not there or cannot be parsed is nil.
func (w *walk) bundle(ctx context.Context, number, n uint64) ([][]byte, error) {
	raw, err := either(ctx, w.src, layout.EntriesPath(number, uint8(n%layout.EntryBundleWidth)), layout.EntriesPath(number, 0))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	leaves, err := bundleOf(raw)
	if err != nil {
		return nil, nil //nolint:nilerr // hostile bytes are a finding, not an error
	}
	return leaves, nil
}

// add takes one more leaf hash.
func (w *walk) add(ctx context.Context, index uint64, h tlog.Hash) error {
	if err := w.collect(ctx, 0, index, h); err != nil {
		return err
	}
	w.peaks = append(w.peaks, h)
	for n := index; n&1 == 1; n >>= 1 {
		last := len(w.peaks) - 1
		w.peaks = append(w.peaks[:last-1], tlog.NodeHash(w.peaks[last-1], w.peaks[last]))
	}
	w.check(index + 1)
	return nil
}

// check compares the root at this size with what checkpoints said.
func (w *walk) check(size uint64) {
	for _, want := range w.wanted[size] {
		switch {
		case w.root() == want.root:
		case want.kind == Split:
			w.report.problem(Split, "the log's first %d entries are not those that the log's key signed for in a checkpoint kept elsewhere: the log was split or rewritten; keep both checkpoints", size)
		default:
			w.report.problem(Changed, "the log's %d entries are not those that its checkpoint was signed for: entries were changed, reordered or dropped", size)
		}
	}
}

// root folds the peaks (RFC 6962, 2.1).
func (w *walk) root() tlog.Hash {
	if len(w.peaks) == 0 {
		return tlog.Hash{
			0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
			0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
		} // SHA-256 of nothing
	}
	h := w.peaks[len(w.peaks)-1]
	for i := len(w.peaks) - 2; i >= 0; i-- {
		h = tlog.NodeHash(w.peaks[i], h)
	}
	return h
}
