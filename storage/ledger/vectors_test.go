package ledger_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shouwang/storage/ledger"
	"shouwang/storage/ledger/checkpoint"
	"shouwang/storage/ledger/witness"
)

// vectors are what the browser's verifier is tested with: made by this side,
// kept beside its tests.
type vectors struct {
	Key         string            `json:"key"`
	Witnesses   []string          `json:"witnesses"`
	Proofs      []*ledger.Proof   `json:"proofs"`
	Older       string            `json:"older"`
	Newer       string            `json:"newer"`
	Consistency []string          `json:"consistency"`
	Split       string            `json:"split"` // of the same key and size as newer
	SplitProof  *ledger.Proof     `json:"split_proof"`
	Tiles       map[string]string `json:"tiles"`
}

const vectorsFile = "../../web/ui/test/vectors/log.json"

// cosign has witnesses cosign a checkpoint from the first.
func cosign(t *testing.T, raw string, witnesses ...*witness.Witness) string {
	t.Helper()
	plain := raw
	for _, w := range witnesses {
		line, err := w.Add([]byte("old 0\n\n" + plain))
		must(t, err)
		raw += string(line)
	}
	return raw
}

func openWitness(t *testing.T, dir, name, key string) *witness.Witness {
	t.Helper()
	w, err := witness.Open(witness.Config{Dir: dir, Name: name, Logs: []string{key}})
	must(t, err)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// makeVectors writes the file anew.
func makeVectors(t *testing.T) {
	t.Helper()
	dir, _, older := written(t, 90)
	other := copied(t, dir)
	l, split := open(t, dir), open(t, other)
	v := vectors{Key: l.VerifierKey(), Older: older, Tiles: map[string]string{}}
	add(t, l, "camera:door-17", 210)
	add(t, split, "camera:yard-3", 210)
	head, err := l.Proof(t.Context(), 299)
	must(t, err)
	a, b := openWitness(t, t.TempDir(), "oversight.example.cn/w", v.Key), openWitness(t, t.TempDir(), "residents.example.cn/w", v.Key)
	v.Witnesses, v.Newer = []string{a.Key(), b.Key()}, cosign(t, head.Checkpoint, a, b)
	for _, i := range []uint64{0, 89, 90, 255, 256, 299} {
		p, err := l.Proof(t.Context(), i)
		must(t, err)
		p.Checkpoint = v.Newer
		v.Proofs = append(v.Proofs, p)
	}
	v.SplitProof, err = split.Proof(t.Context(), 299)
	must(t, err)
	v.Split = v.SplitProof.Checkpoint
	path, err := l.Consistency(t.Context(), 90, 300)
	must(t, err)
	for _, h := range path {
		v.Consistency = append(v.Consistency, base64.StdEncoding.EncodeToString(h))
	}
	for _, name := range []string{"tile/entries/000", "tile/entries/001.p/44"} {
		raw, err := os.ReadFile(filepath.Join(l.PublicDir(), name))
		must(t, err)
		v.Tiles[name] = base64.StdEncoding.EncodeToString(raw)
	}
	raw, err := json.MarshalIndent(v, "", " ")
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(vectorsFile), 0o755))
	must(t, os.WriteFile(vectorsFile, append(raw, '\n'), 0o644))
}

// The vectors hold here as they must in the browser.
func TestVectorsOfTheBrowsersVerifier(t *testing.T) {
	if os.Getenv("UPDATE_VECTORS") != "" {
		makeVectors(t)
	}
	raw, err := os.ReadFile(vectorsFile)
	must(t, err)
	var v vectors
	must(t, json.Unmarshal(raw, &v))
	trust := checkpoint.Trust{Key: v.Key, Witnesses: v.Witnesses, Quorum: 2}
	newer, err := checkpoint.Open(v.Newer, trust)
	must(t, err)
	older, err := checkpoint.Open(v.Older, checkpoint.Trust{Key: v.Key})
	must(t, err)
	if len(v.Proofs) < 6 || newer.Size != 300 || len(newer.Cosigned) != 2 {
		t.Fatalf("the vectors are %d proofs under %d entries, cosigned by %v", len(v.Proofs), newer.Size, newer.Cosigned)
	}
	for _, p := range v.Proofs {
		must(t, ledger.VerifyProof(p, v.Key))
	}
	path := make([][]byte, len(v.Consistency))
	for i, h := range v.Consistency {
		path[i], err = base64.StdEncoding.DecodeString(h)
		must(t, err)
	}
	must(t, checkpoint.Follows(older, newer, path))
	split, err := checkpoint.Open(v.Split, checkpoint.Trust{Key: v.Key})
	must(t, err)
	if split.Size != newer.Size || checkpoint.Follows(newer, split, nil) == nil {
		t.Error("the split log passes for the same")
	}
	must(t, ledger.VerifyProof(v.SplitProof, v.Key))
	if !strings.Contains(v.SplitProof.Entry, "yard-3") {
		t.Error(fmt.Sprint("the split log's last entry is ", v.SplitProof.Entry))
	}
}
