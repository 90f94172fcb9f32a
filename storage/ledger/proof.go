package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"shouwang"
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
	builder, err := client.NewProofBuilder(ctx, cp.size, l.tree.read.ReadTile)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	hashes, err := builder.InclusionProof(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	return &Proof{Index: index, LeafIndex: at, Salt: salt, Entry: string(line), Leaf: r.leaf, Hashes: hashes, Checkpoint: cp.raw}, nil
}

// published waits until a checkpoint covers the entry.
func (l *Ledger) published(ctx context.Context, seq uint64) (at uint64, cp checkpoint, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var placed *uint64
		err := l.db.reader.QueryRowContext(ctx, `SELECT leaf_index FROM entries WHERE seq = ?`, seq).Scan(&placed)
		if err == nil && placed != nil {
			if cp, err = l.tree.checkpoint(ctx); err == nil && cp.size > *placed {
				return *placed, cp, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, cp, shouwang.Errorf(shouwang.CodeAuditUnavailable, "entry %d is not published yet: try again in a second", seq)
		case <-tick.C:
		}
	}
}

// Checkpoint returns the newest signed checkpoint.
func (l *Ledger) Checkpoint(ctx context.Context) (string, error) {
	cp, err := l.tree.checkpoint(ctx)
	return cp.raw, err
}

// Consistency proves that the log of size to begins with the whole log of size
// from (RFC 6962, 2.1.2), 0 < from <= to <= published size.
func (l *Ledger) Consistency(ctx context.Context, from, to uint64) ([][]byte, error) {
	cp, err := l.tree.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	if from == 0 || from > to || to > cp.size {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "consistency from %d to %d: sizes go from 1 to %d", from, to, cp.size)
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
	cp, err := checkpointOf(p.Checkpoint, vkey)
	if err != nil {
		return err
	}
	if len(p.Salt) == 0 && len(p.Entry) == 0 {
		if len(p.Leaf) != tlog.HashSize {
			return broken("the leaf is not a commitment")
		}
	} else if len(p.Salt) != saltBytes || string(Commitment(p.Salt, []byte(p.Entry))) != string(p.Leaf) {
		return broken("the entry is not the one that was logged")
	}
	path, err := toHashes(p.Hashes)
	if err != nil || cp.size > maxSize || p.LeafIndex >= cp.size {
		return broken("the entry is not in the log")
	}
	if err := tlog.CheckRecord(path, int64(cp.size), cp.root, int64(p.LeafIndex), tlog.RecordHash(p.Leaf)); err != nil {
		return broken("the entry is not in the log")
	}
	return nil
}

// VerifyConsistency checks that the newer checkpoint's log begins with the
// older's. An error has CodeTampered: two checkpoints that do not agree are
// the proof of a split or rewritten log, so keep both.
func VerifyConsistency(older, newer string, proof [][]byte, vkey string) error {
	a, err := checkpointOf(older, vkey)
	if err != nil {
		return err
	}
	b, err := checkpointOf(newer, vkey)
	if err != nil {
		return err
	}
	if a.size > b.size {
		return broken("the newer checkpoint is smaller: entries were dropped")
	}
	if a.size == b.size || a.size == 0 {
		if a.size == b.size && a.root != b.root {
			return broken("two checkpoints of one size differ: the log was split")
		}
		return nil
	}
	path, err := toHashes(proof)
	if err != nil || b.size > maxSize || tlog.CheckTree(path, int64(b.size), b.root, int64(a.size), a.root) != nil {
		return broken("the newer checkpoint does not continue the older: the log was split or rewritten")
	}
	return nil
}

// maxSize keeps sizes of a hostile checkpoint within what the arithmetic holds.
const maxSize = 1 << 48

func broken(what string) error {
	return shouwang.Errorf(shouwang.CodeTampered, "verify access log: %s", what)
}

func toHashes(list [][]byte) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(list))
	for i, h := range list {
		if len(h) != tlog.HashSize || i > 64*2 {
			return nil, broken("a hash has a wrong size")
		}
		copy(out[i][:], h)
	}
	return out, nil
}

func checkpointOf(raw, vkey string) (checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return checkpoint{}, shouwang.Errorf(shouwang.CodeBadUsage, "verify access log: the public key is not readable: %w", err)
	}
	return openCheckpoint(raw, verifier)
}
