package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// errRefused says that a witness has seen another history: the one thing that
// witnesses are for.
var errRefused = errors.New("the witness refuses: what it has seen of this log is not what it is shown; keep the log's folder and verify it")

// behind says at which size a witness last saw the log, where that is not what
// was thought.
type behind struct{ size uint64 }

func (b behind) Error() string { return fmt.Sprintf("the witness has seen the log at size %d", b.size) }

// asked is one request for a cosignature.
type asked struct {
	http       *http.Client
	key        string // the log's own
	witness    Witness
	old        uint64 // where the witness is thought to stand
	checkpoint checkpoint.Checkpoint
	prove      func(from uint64) ([][]byte, error)
}

// run asks, and a second time when the witness stands elsewhere than thought.
// It returns the cosignature line, verified.
func (a *asked) run(ctx context.Context) (line string, err error) {
	a.old = min(a.old, a.checkpoint.Size)
	line, err = a.once(ctx)
	var at behind
	if !errors.As(err, &at) {
		return line, err
	}
	if at.size > a.checkpoint.Size {
		return "", fmt.Errorf("%w: it has seen %d entries and there are %d, so the log was cut or restored from an old copy", errRefused, at.size, a.checkpoint.Size)
	}
	a.old = at.size
	return a.once(ctx)
}

func (a *asked) once(ctx context.Context) (string, error) {
	body, err := a.body()
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(a.witness.URL, "/")+"/add-checkpoint", strings.NewReader(body))
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeBadConfig, "ask witness: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	res, err := a.http.Do(req)
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeUnreachable, "ask witness: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return "", shouwang.Errorf(shouwang.CodeUnreachable, "ask witness: %w", err)
	}
	return a.read(res, string(answer))
}

// body is the request as C2SP tlog-witness writes it.
func (a *asked) body() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", a.old)
	if a.old > 0 && a.old < a.checkpoint.Size {
		proof, err := a.prove(a.old)
		if err != nil {
			return "", fmt.Errorf("prove to a witness: %w", err)
		}
		for _, h := range proof {
			b.WriteString(base64.StdEncoding.EncodeToString(h) + "\n")
		}
	}
	return b.String() + "\n" + a.checkpoint.Raw, nil
}

func (a *asked) read(res *http.Response, answer string) (string, error) {
	switch res.StatusCode {
	case http.StatusOK:
		return a.verified(answer)
	case http.StatusConflict:
		size, err := strconv.ParseUint(strings.TrimSpace(answer), 10, 64)
		if err == nil && res.Header.Get("Content-Type") == "text/x.tlog.size" {
			return "", behind{size}
		}
		return "", errRefused
	case http.StatusUnprocessableEntity:
		return "", errRefused
	case http.StatusNotFound, http.StatusForbidden:
		return "", shouwang.Errorf(shouwang.CodeBadConfig, "the witness does not know this log or its key: give it the key shown at /api/log/key (%s)", res.Status)
	}
	return "", shouwang.Errorf(shouwang.CodeUnreachable, "the witness answers %s: %.200s", res.Status, strings.TrimSpace(answer))
}

// verified returns the witness's own line of the answer; lines by other keys
// are ignored, as the protocol says.
func (a *asked) verified(answer string) (string, error) {
	for line := range strings.Lines(answer) {
		if !strings.HasSuffix(line, "\n") {
			continue
		}
		if _, err := checkpoint.Open(a.checkpoint.Raw+line, checkpoint.Trust{Key: a.key, Witnesses: []string{a.witness.Key}, Quorum: 1}); err == nil {
			return line, nil
		}
	}
	return "", shouwang.Errorf(shouwang.CodeTampered, "the witness's answer is not signed with its key: check transparency.witnesses")
}
