package ledger

import (
	"context"
	"errors"
	"io/fs"

	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/mod/sumdb/tlog"
)

// Names of files of a public log (C2SP tlog-tiles), and of the cosigned
// checkpoint that the service keeps beside tessera's own.
const (
	checkpointPath = layout.CheckpointPath
	cosignedPath   = "checkpoint.cosigned"
	newestPath     = "checkpoint.newest"
)

// collect gathers a level's hashes into tiles of 256 and compares each full one
// with its file. A tile's root is a hash of the level above (8 levels of tree).
func (w *walk) collect(ctx context.Context, level int, index uint64, h tlog.Hash) error {
	if level == len(w.levels) {
		w.levels = append(w.levels, nil)
	}
	w.levels[level] = append(w.levels[level], h)
	if len(w.levels[level]) < layout.TileWidth {
		return nil
	}
	full := w.levels[level]
	w.levels[level] = nil
	if err := w.tile(ctx, level, index/layout.TileWidth, full); err != nil {
		return err
	}
	return w.collect(ctx, level+1, index/layout.TileWidth, fold(full))
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
func (w *walk) tile(ctx context.Context, level int, number uint64, want []tlog.Hash) error {
	if len(want) == 0 {
		return nil
	}
	path := layout.TilePath(uint64(level), number, uint8(len(want)%layout.TileWidth))
	raw, err := either(ctx, w.src, path, layout.TilePath(uint64(level), number, 0))
	if errors.Is(err, fs.ErrNotExist) {
		w.report.problem(Damaged, "tile %s is missing", path)
		return nil
	}
	if err != nil {
		return err
	}
	have := make([]tlog.Hash, 0, len(want))
	for i := 0; i < len(want) && (i+1)*tlog.HashSize <= len(raw); i++ {
		have = append(have, tlog.Hash(raw[i*tlog.HashSize:(i+1)*tlog.HashSize]))
	}
	w.compare(path, level, number*layout.TileWidth, have, want)
	return nil
}

// compare tells what became of the entries under a tile: the lowest tiles hold
// the hash of each entry, so they say which was changed and which only moved.
func (w *walk) compare(path string, level int, first uint64, have, want []tlog.Hash) {
	if len(have) < len(want) {
		w.report.problem(Damaged, "tile %s is too short", path)
		return
	}
	if level > 0 {
		for i := range want {
			if have[i] != want[i] {
				w.report.problem(Damaged, "tile %s does not fit the entries", path)
				return
			}
		}
		return
	}
	held := make(map[tlog.Hash]bool, len(have))
	for _, h := range have {
		held[h] = true
	}
	for i, h := range want {
		switch {
		case h == have[i]:
		case held[h]:
			w.report.problem(Reordered, "entry %d stands at another place than the tree says", first+uint64(i))
		default:
			w.report.problem(Changed, "entry %d is not the one that the tree was built over", first+uint64(i))
		}
	}
}
