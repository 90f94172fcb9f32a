package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/tlog"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// Proof shows that one entry stands in the log that a checkpoint commits to.
// It can be verified with VerifyProof, or by any program that knows SHA-256 and
// Ed25519, and nothing else of ours but the public key.
type Proof struct {
	// Index is the entry's number here, LeafIndex its place in the public log;
	// they differ only where the disk failed in between.
	Index     uint64 `json:"index"`
	LeafIndex uint64 `json:"leaf_index"`
	// Salt and Entry are what the leaf commits to; both empty when erased. Entry
	// is JSON kept as text, since an encoder on its way may write it otherwise.
	Salt  []byte `json:"salt,omitempty"`
	Entry string `json:"entry,omitempty"`
	Leaf  []byte `json:"leaf"`
	// Hashes is the audit path from the leaf to the root (RFC 6962, 2.1.1).
	Hashes [][]byte `json:"hashes"`
	// Checkpoint is the signed statement of size and root (C2SP tlog-checkpoint).
	Checkpoint string `json:"checkpoint"`
}

// Proof returns the proof for an entry. A fresh entry's waits for the next
// checkpoint, up to five seconds. Errors: CodeNotFound, CodeTampered,
// CodeAuditUnavailable when no checkpoint comes.
func (l *Ledger) Proof(ctx context.Context, index uint64) (*Proof, error) {
	var r row
	err := r.scan(l.db.reader.QueryRowContext(ctx, selectRow+` WHERE e.seq = ?`, index))
	if isNoRows(err) {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "entry %d: the access log has none of that number", index)
	}
	if err != nil {
		return nil, fmt.Errorf("read access log: %w", err)
	}
	salt, line, err := l.clearLine(&r)
	if err != nil {
		return nil, err
	}
	at, cp, err := l.published(ctx, index)
	if err != nil {
		return nil, err
	}
	builder, err := client.NewProofBuilder(ctx, cp.Size, l.tree.read.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	hashes, err := builder.InclusionProof(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return &Proof{Index: index, LeafIndex: at, Salt: salt, Entry: string(line), Leaf: r.leaf, Hashes: hashes, Checkpoint: cp.Raw}, nil
}

// published waits until a checkpoint covers the entry.
func (l *Ledger) published(ctx context.Context, seq uint64) (at uint64, cp checkpoint.Checkpoint, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var placed *uint64
		err := l.db.reader.QueryRowContext(ctx, `SELECT leaf_index FROM entries WHERE seq = ?`, seq).Scan(&placed)
		if err == nil && placed != nil {
			if cp, err = l.Head(ctx); err == nil && cp.Size > *placed {
				return *placed, cp, nil
			}
			if cp, err = l.tree.checkpoint(ctx); err == nil && cp.Size > *placed {
				return *placed, cp, nil // not cosigned yet
			}
		}
		select {
		case <-ctx.Done():
			return 0, cp, shouwang.Errorf(shouwang.CodeAuditUnavailable, "entry %d is not published yet: try again in a second", seq)
		case <-tick.C:
		}
	}
}

// Checkpoint returns the newest signed checkpoint, cosigned or not.
func (l *Ledger) Checkpoint(ctx context.Context) (string, error) {
	cp, err := l.tree.checkpoint(ctx)
	return cp.Raw, err
}

// Newest returns the newest signed checkpoint, cosigned or not.
func (l *Ledger) Newest(ctx context.Context) (checkpoint.Checkpoint, error) {
	return l.tree.checkpoint(ctx)
}

// CosignedHead returns the newest checkpoint that enough witnesses have
// cosigned, nil where none has.
func (l *Ledger) CosignedHead() *checkpoint.Checkpoint { return l.cosigned.Load() }

// Head returns the newest checkpoint that enough witnesses have cosigned, or
// the newest at all where no witness ever has.
func (l *Ledger) Head(ctx context.Context) (checkpoint.Checkpoint, error) {
	if cp := l.cosigned.Load(); cp != nil {
		return *cp, nil
	}
	return l.tree.checkpoint(ctx)
}

// Inclusion proves that the entry at a place of the public log stands in the
// log of a size (RFC 6962, 2.1.1), place < size <= published size.
func (l *Ledger) Inclusion(ctx context.Context, place, size uint64) ([][]byte, error) {
	cp, err := l.tree.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if place >= size || size > cp.Size {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "inclusion of entry %d in the log of size %d: the log has %d entries", place, size, cp.Size)
	}
	builder, err := client.NewProofBuilder(ctx, size, l.tree.read.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", place, err)
	}
	hashes, err := builder.InclusionProof(ctx, place)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", place, err)
	}
	return hashes, nil
}

// Consistency proves that the log of size to begins with the whole log of size
// from (RFC 6962, 2.1.2), 0 < from <= to <= published size.
func (l *Ledger) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	cp, err := l.tree.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if from == 0 || from > to || to > cp.Size {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "consistency from %d to %d: sizes go from 1 to %d", from, to, cp.Size)
	}
	builder, err := client.NewProofBuilder(ctx, to, l.tree.read.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("prove consistency: %w", err)
	}
	hashes, err := builder.ConsistencyProof(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("prove consistency: %w", err)
	}
	return hashes, nil
}

// VerifyProof checks, with the public key alone and without any file, that the
// checkpoint is the log's, that the leaf stands in it and that salt and entry
// are what the leaf commits to. An error has CodeTampered.
func VerifyProof(p *Proof, vkey string) error {
	cp, err := checkpoint.Open(p.Checkpoint, checkpoint.Trust{Key: vkey})
	if err != nil {
		return err
	}
	if len(p.Salt) == 0 && len(p.Entry) == 0 {
		if len(p.Leaf) != tlog.HashSize {
			return checkpoint.Broken("the leaf is not a commitment")
		}
	} else if len(p.Salt) != saltBytes || string(Commitment(p.Salt, []byte(p.Entry))) != string(p.Leaf) {
		return checkpoint.Broken("the entry is not the one that was logged")
	}
	return cp.Holds(p.Leaf, p.LeafIndex, p.Hashes)
}

// VerifyConsistency checks that the newer checkpoint's log begins with the
// older's. An error has CodeTampered: two checkpoints that do not agree are
// the proof of a split or rewritten log, so keep both.
func VerifyConsistency(older, newer string, proof [][]byte, vkey string) error {
	a, err := checkpoint.Open(older, checkpoint.Trust{Key: vkey})
	if err != nil {
		return err
	}
	b, err := checkpoint.Open(newer, checkpoint.Trust{Key: vkey})
	if err != nil {
		return err
	}
	return checkpoint.Follows(a, b, proof)
}
