package witness

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"shouwang/storage/ledger/checkpoint"
)

// What a witness answers beside a cosignature (C2SP tlog-witness).
var (
	errBadRequest = errors.New("the request is not one of C2SP tlog-witness")
	errUnknownLog = errors.New("this witness does not watch that log")
	errSignature  = errors.New("the checkpoint is not signed by the log's key")
	errOldSize    = errors.New("the old size is larger than the checkpoint's")
	errProof      = errors.New("the proof does not show that the checkpoint continues what this witness has seen")
	errSplit      = errors.New("this witness has seen another log of the same size")
)

// conflict says that the witness's newest checkpoint has another size than the
// caller believed.
type conflict struct{ size uint64 }

func (c conflict) Error() string {
	return fmt.Sprintf("this witness has seen the log at size %d", c.size)
}

// request is the body of add-checkpoint.
type request struct {
	old   uint64
	proof [][]byte
	raw   string // the checkpoint
}

const maxProof = 63 // lines, by the protocol

// parseRequest reads "old N", proof lines, an empty line and a checkpoint.
func parseRequest(body []byte) (request, error) {
	head, raw, ok := strings.Cut(string(body), "\n\n")
	lines := strings.Split(head, "\n")
	number, isOld := strings.CutPrefix(lines[0], "old ")
	if !ok || !isOld || len(lines) > 1+maxProof {
		return request{}, errBadRequest
	}
	old, err := strconv.ParseUint(number, 10, 64)
	if err != nil || strconv.FormatUint(old, 10) != number {
		return request{}, errBadRequest
	}
	r := request{old: old, raw: raw}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != 32 {
			return request{}, errBadRequest
		}
		r.proof = append(r.proof, h)
	}
	return r, nil
}

// Add checks a checkpoint against what the witness has seen, remembers it and
// returns the cosignature line. The order of the checks is the protocol's.
func (w *Witness) Add(body []byte) (line []byte, err error) {
	r, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	origin := checkpoint.OriginOf(r.raw)
	key, ok := w.logs[origin]
	if !ok {
		return nil, errUnknownLog
	}
	cp, err := w.open1(r.raw, key)
	if err != nil {
		return nil, errSignature
	}
	if r.old > cp.Size {
		return nil, errOldSize
	}
	// Checking and remembering are one step: of two requests at once, the
	// later sees what the earlier did.
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.follows(origin, key, r, cp); err != nil {
		return nil, err
	}
	return w.cosign(origin, key, cp)
}

func (w *Witness) follows(origin, key string, r request, cp checkpoint.Checkpoint) error {
	var last checkpoint.Checkpoint
	if raw := w.seen[origin]; raw != "" {
		var err error
		if last, err = w.open1(raw, key); err != nil {
			return err
		}
	}
	if r.old != last.Size {
		return conflict{last.Size}
	}
	if cp.Size == last.Size && last.Raw != "" && cp.Root != last.Root {
		w.evidence(origin, last.Raw, cp.Raw)
		return errSplit
	}
	if last.Raw == "" && len(r.proof) == 0 {
		return nil // the first one is taken as it is
	}
	if err := checkpoint.Follows(last, cp, r.proof); err != nil {
		w.evidence(origin, last.Raw, cp.Raw)
		return errProof
	}
	return nil
}

// cosign remembers the checkpoint and only then signs it away.
func (w *Witness) cosign(origin, key string, cp checkpoint.Checkpoint) ([]byte, error) {
	log, err := note.NewVerifier(key)
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	n, err := note.Open([]byte(cp.Raw), note.VerifierList(log))
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	// Signatures of others are left out: they are not this witness's to keep.
	signed, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs}, w.signer)
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	before := w.seen[origin]
	w.seen[origin] = string(signed)
	if err := w.remember(); err != nil {
		w.seen[origin] = before
		return nil, fmt.Errorf("remember checkpoint: %w", err)
	}
	return ownLine(signed, w.signer.Name(), w.signer.KeyHash())
}

// ownLine returns the witness's own signature line of a note.
func ownLine(signed []byte, name string, hash uint32) ([]byte, error) {
	for line := range bytes.Lines(signed) {
		rest, ok := bytes.CutPrefix(line, []byte("— "+name+" "))
		if !ok {
			continue
		}
		blob, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(rest)))
		if err == nil && len(blob) > 4 && uint32(blob[0])<<24|uint32(blob[1])<<16|uint32(blob[2])<<8|uint32(blob[3]) == hash {
			return line, nil
		}
	}
	return nil, errors.New("cosign: the signature was not made")
}

func (w *Witness) remember() error {
	raw, err := json.MarshalIndent(w.seen, "", "  ")
	if err != nil {
		return err
	}
	return checkpoint.WriteSynced(w.path("seen.json"), string(raw)+"\n", 0o600)
}

// evidence keeps two checkpoints, both signed by the log, that cannot be of one
// log, or whose proof failed: the last such pair, for whoever looks into it.
func (w *Witness) evidence(origin, ours, theirs string) {
	w.cfg.Log.Error("a log shows another history than before", "log", origin, "kept", w.path("refused.json"))
	raw, _ := json.MarshalIndent(map[string]string{"log": origin, "seen_here": ours, "refused": theirs}, "", "  ")
	if err := checkpoint.WriteSynced(w.path("refused.json"), string(raw)+"\n", 0o600); err != nil {
		w.cfg.Log.Error("the refused checkpoint could not be kept", "error", err)
	}
}
