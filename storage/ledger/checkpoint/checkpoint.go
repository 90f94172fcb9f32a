// Package checkpoint reads what a transparency log signs: its size and root, a
// line each, as a signed note (C2SP signed-note and tlog-checkpoint), with the
// cosignatures of witnesses (C2SP tlog-cosignature, cosignature/v1 with
// Ed25519). It knows keys and hashes and no log: whoever verifies needs nothing
// else.
package checkpoint

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"shouwang"
)

// Trust says whom to believe.
type Trust struct {
	// Key is the log's public key, NAME+HASH+KEY (C2SP signed-note).
	Key string
	// Witnesses are public keys of witnesses, either as cosignature keys or as
	// note keys of the same bytes.
	Witnesses []string
	// Quorum is how many of them must have cosigned.
	Quorum int
}

// Cosignature is a witness's word that it saw the checkpoint, and when.
type Cosignature struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// Checkpoint is a signed statement of a log's size and root.
type Checkpoint struct {
	Raw    string
	Origin string // the log's name
	Size   uint64 // entries
	Root   tlog.Hash
	// Cosigned holds the witnesses of the trust whose signatures hold.
	Cosigned []Cosignature
}

// MaxSize keeps sizes of a hostile checkpoint within what the arithmetic holds.
const MaxSize = 1 << 48

// Open verifies the signatures and reads a checkpoint. The log's origin is its
// key's name. Errors: CodeBadUsage for a key that cannot be read, CodeTampered
// for everything else.
func Open(raw string, trust Trust) (Checkpoint, error) {
	log, err := note.NewVerifier(trust.Key)
	if err != nil {
		return Checkpoint{}, shouwang.Errorf(shouwang.CodeBadUsage, "verify access log: the public key is not readable: %w", err)
	}
	verifiers := []note.Verifier{log}
	for _, w := range trust.Witnesses {
		v, err := fnote.NewVerifierForCosignatureV1(w)
		if err != nil {
			return Checkpoint{}, shouwang.Errorf(shouwang.CodeBadUsage, "verify access log: the witness's public key %.60q is not readable: %w", w, err)
		}
		verifiers = append(verifiers, v)
	}
	n, err := note.Open([]byte(raw), note.VerifierList(verifiers...))
	if err != nil || !signedBy(n, log) {
		return Checkpoint{}, Broken("the checkpoint is not signed by the log's key")
	}
	cp, err := parse(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if cp.Origin != log.Name() {
		return Checkpoint{}, Broken("the checkpoint is another log's")
	}
	cp.Raw = raw
	for _, sig := range n.Sigs {
		if at, err := fnote.CoSigV1Timestamp(sig); err == nil && sig.Hash != log.KeyHash() {
			cp.Cosigned = append(cp.Cosigned, Cosignature{Name: sig.Name, At: at.UTC()})
		}
	}
	if len(cp.Cosigned) < trust.Quorum {
		return Checkpoint{}, Broken("witnesses: " + strconv.Itoa(len(cp.Cosigned)) + " of those named have cosigned the checkpoint, " + strconv.Itoa(trust.Quorum) + " must have")
	}
	return cp, nil
}

func signedBy(n *note.Note, v note.Verifier) bool {
	for _, sig := range n.Sigs {
		if sig.Name == v.Name() && sig.Hash == v.KeyHash() {
			return true
		}
	}
	return false
}

// OriginOf returns a checkpoint's first line, unverified, so that the key to
// verify it with can be found.
func OriginOf(raw string) string {
	line, _, _ := strings.Cut(raw, "\n")
	return line
}

// parse reads the text: origin, size and root, a line each.
func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, Broken("the checkpoint cannot be read")
	}
	size, errSize := strconv.ParseUint(lines[1], 10, 64)
	root, errRoot := base64.StdEncoding.DecodeString(lines[2])
	if errSize != nil || errRoot != nil || len(root) != tlog.HashSize || size > MaxSize || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, Broken("the checkpoint cannot be read")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}

// Broken is an error with CodeTampered.
func Broken(what string) error {
	return shouwang.Errorf(shouwang.CodeTampered, "verify access log: %s", what)
}

// Follows checks that the newer checkpoint's log begins with the older's, by a
// consistency proof (RFC 6962, 2.1.2; empty where the sizes are equal or the
// older is of nothing). An error has CodeTampered: two checkpoints that do not
// agree are the proof of a split or rewritten log, so keep both.
func Follows(older, newer Checkpoint, proof [][]byte) error {
	if older.Size > newer.Size {
		return Broken("the newer checkpoint is smaller: entries were dropped")
	}
	if older.Size == newer.Size || older.Size == 0 {
		if len(proof) > 0 {
			return Broken("a proof where none is needed")
		}
		if older.Size == newer.Size && older.Root != newer.Root {
			return Broken("two checkpoints of one size differ: the log was split")
		}
		return nil
	}
	path, err := Hashes(proof)
	if err != nil || tlog.CheckTree(path, int64(newer.Size), newer.Root, int64(older.Size), older.Root) != nil {
		return Broken("the newer checkpoint does not continue the older: the log was split or rewritten")
	}
	return nil
}

// Holds checks by an audit path (RFC 6962, 2.1.1) that a leaf stands at the
// index. An error has CodeTampered.
func (c *Checkpoint) Holds(leaf []byte, index uint64, proof [][]byte) error {
	path, err := Hashes(proof)
	if err != nil || index >= c.Size {
		return Broken("the entry is not in the log")
	}
	if err := tlog.CheckRecord(path, int64(c.Size), c.Root, int64(index), tlog.RecordHash(leaf)); err != nil {
		return Broken("the entry is not in the log")
	}
	return nil
}

// Hashes turns a proof as it travels into hashes.
func Hashes(list [][]byte) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(list))
	for i, h := range list {
		if len(h) != tlog.HashSize || i > 64*2 {
			return nil, Broken("a hash has a wrong size")
		}
		copy(out[i][:], h)
	}
	return out, nil
}
