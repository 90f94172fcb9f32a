package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// openCheckpoint verifies the signature and reads a checkpoint: origin, size
// and root, a line each (C2SP tlog-checkpoint). The origin is the key's name.
func openCheckpoint(raw string, verifier note.Verifier) (checkpoint, error) {
	n, err := note.Open([]byte(raw), note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, broken("the checkpoint is not signed by the log's key")
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return checkpoint{}, broken("the checkpoint is another log's")
	}
	size, errSize := strconv.ParseUint(lines[1], 10, 64)
	root, errRoot := base64.StdEncoding.DecodeString(lines[2])
	if errSize != nil || errRoot != nil || len(root) != tlog.HashSize {
		return checkpoint{}, broken("the checkpoint cannot be read")
	}
	return checkpoint{raw: raw, size: size, root: [32]byte(root)}, nil
}

// Report is what Verify found.
type Report struct {
	Size     uint64   // entries under the newest checkpoint
	Details  uint64   // clear lines compared with their commitment
	Erased   uint64   // entries whose clear line was erased
	Waiting  uint64   // entries not yet under a checkpoint
	Problems []string // one line each; none means that all is as it was written
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) problem(format string, args ...any) {
	const enough = 100 // a log rewritten from the front on needs no longer list
	if len(r.Problems) < enough {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify reads a public log folder (Config.Dir/public, or a copy of it) from
// end to end with the public key alone: the checkpoint's signature, every
// commitment hashed up to the signed root, every tile against the commitments,
// and that each checkpoint in seen, kept from earlier, is one the log passed
// through. progress, which may be nil, is told how many entries are done. The
// error is about reading; what is wrong with the log is in the report.
func Verify(ctx context.Context, dir, vkey string, seen []string, progress func(done, of uint64)) (*Report, error) {
	raw, err := os.ReadFile(filepath.Join(dir, layout.CheckpointPath))
	if err != nil {
		return nil, unreadable("verify access log: %w", err)
	}
	r := &Report{}
	cp, err := checkpointOf(string(raw), vkey)
	if err != nil {
		r.problem("%v", err)
		return r, nil
	}
	r.Size = cp.size
	v := &walk{report: r, dir: dir, size: cp.size, wanted: map[uint64][][32]byte{cp.size: {cp.root}}}
	for i, text := range seen {
		old, err := checkpointOf(text, vkey)
		switch {
		case err != nil:
			r.problem("checkpoint %d of those kept: %v", i+1, err)
		case old.size > cp.size:
			r.problem("the log has %d entries and had %d: entries were dropped", cp.size, old.size)
		default:
			v.wanted[old.size] = append(v.wanted[old.size], old.root)
		}
	}
	return r, v.run(ctx, progress)
}

// walk hashes a log from its first entry on. It holds the roots of the complete
// subtrees so far, so its memory does not grow with the log.
type walk struct {
	report *Report
	dir    string
	size   uint64
	wanted map[uint64][][32]byte // the roots the log must have at these sizes
	peaks  []tlog.Hash           // of complete subtrees, largest first
	levels [][]tlog.Hash         // per tile level: the tile under way
}

func (w *walk) run(ctx context.Context, progress func(done, of uint64)) error {
	w.check(0)
	for first := uint64(0); first < w.size; first += layout.EntryBundleWidth {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(layout.EntryBundleWidth, w.size-first)
		leaves := w.bundle(first/layout.EntryBundleWidth, n)
		if uint64(len(leaves)) < n {
			w.report.problem("entries %d to %d are missing or cannot be read", first+uint64(len(leaves)), first+n-1)
			return nil
		}
		for i, leaf := range leaves[:n] {
			w.add(first+uint64(i), tlog.RecordHash(leaf))
		}
		if progress != nil {
			progress(first+n, w.size)
		}
	}
	for level := range w.levels {
		w.tile(level, w.size>>(8*level)/layout.TileWidth, w.levels[level])
	}
	return nil
}

// bundle reads one file of commitments: the full one or the partial one of the
// log's present size.
func (w *walk) bundle(number, n uint64) [][]byte {
	raw, err := os.ReadFile(filepath.Join(w.dir, layout.EntriesPath(number, uint8(n%layout.EntryBundleWidth))))
	if err != nil && n < layout.EntryBundleWidth {
		raw, err = os.ReadFile(filepath.Join(w.dir, layout.EntriesPath(number, 0)))
	}
	if err != nil {
		return nil
	}
	leaves, err := bundleOf(raw)
	if err != nil {
		return nil
	}
	return leaves
}

// add takes one more leaf hash.
func (w *walk) add(index uint64, h tlog.Hash) {
	w.collect(0, index, h)
	w.peaks = append(w.peaks, h)
	for n := index; n&1 == 1; n >>= 1 {
		last := len(w.peaks) - 1
		w.peaks = append(w.peaks[:last-1], tlog.NodeHash(w.peaks[last-1], w.peaks[last]))
	}
	w.check(index + 1)
}

// check compares the root at this size with what checkpoints said.
func (w *walk) check(size uint64) {
	for _, want := range w.wanted[size] {
		if w.root() != want {
			w.report.problem("the log's first %d entries are not those that a checkpoint was signed for: entries were changed, reordered or dropped", size)
		}
	}
}

// root folds the peaks (RFC 6962, 2.1).
func (w *walk) root() [32]byte {
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

// collect gathers a level's hashes into tiles of 256 and compares each full one
// with its file. A tile's root is a hash of the level above (8 levels of tree).
func (w *walk) collect(level int, index uint64, h tlog.Hash) {
	if level == len(w.levels) {
		w.levels = append(w.levels, nil)
	}
	w.levels[level] = append(w.levels[level], h)
	if len(w.levels[level]) < layout.TileWidth {
		return
	}
	full := w.levels[level]
	w.levels[level] = nil
	w.tile(level, index/layout.TileWidth, full)
	w.collect(level+1, index/layout.TileWidth, fold(full))
}

// fold returns the root of a full tile.
func fold(hashes []tlog.Hash) tlog.Hash {
	for len(hashes) > 1 {
		next := make([]tlog.Hash, len(hashes)/2)
		for i := range next {
			next[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
		hashes = next
	}
	return hashes[0]
}

// tile compares a tile's file with the hashes that belong in it.
func (w *walk) tile(level int, number uint64, want []tlog.Hash) {
	if len(want) == 0 {
		return
	}
	path := layout.TilePath(uint64(level), number, uint8(len(want)%layout.TileWidth))
	raw, err := os.ReadFile(filepath.Join(w.dir, path))
	if err != nil && len(want) < layout.TileWidth {
		raw, err = os.ReadFile(filepath.Join(w.dir, layout.TilePath(uint64(level), number, 0)))
	}
	if err != nil {
		w.report.problem("tile %s is missing", path)
		return
	}
	for i, h := range want {
		if len(raw) < (i+1)*tlog.HashSize || tlog.Hash(raw[i*tlog.HashSize:(i+1)*tlog.HashSize]) != h {
			w.report.problem("tile %s does not fit the entries", path)
			return
		}
	}
}
