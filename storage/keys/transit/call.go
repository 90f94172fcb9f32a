package transit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"shouwang"
)

const maxAnswer = 1 << 20

// refusal is an answer of the server that is no success.
type refusal struct {
	status int
	words  []string
	// own says that the answer has the form of the server's own: a proxy's page
	// must never pass for the word that a key is gone.
	own bool
}

func (r *refusal) Error() string {
	return fmt.Sprintf("key server: status %d: %s", r.status, strings.Join(r.words, "; "))
}

// isGone tells a key that does not exist: 404 where it is read, 400 with these
// words where it is used (vault's builtin/logical/transit).
func isGone(err error) bool {
	var r *refusal
	if !errors.As(err, &r) || !r.own {
		return false
	}
	return r.status == http.StatusNotFound && len(r.words) == 0 ||
		r.status == http.StatusBadRequest && strings.Contains(strings.Join(r.words, " "), "encryption key not found")
}

// call makes one request; a token that is refused is read again once.
func (v *Vault) call(ctx context.Context, method, path string, in, out any) error {
	err := v.once(ctx, method, path, in, out)
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusForbidden {
		if err := v.readToken(); err != nil {
			return err
		}
		err = v.once(ctx, method, path, in, out)
	}
	return told(err)
}

// told gives what a person can act on its code and words.
func told(err error) error {
	var r *refusal
	switch {
	case err == nil || isGone(err):
		return err
	case !errors.As(err, &r):
		return shouwang.Errorf(shouwang.CodeStorageAway, "the key server does not answer: %w", err)
	case r.status == http.StatusForbidden:
		return shouwang.Errorf(shouwang.CodeBadConfig, "the key server refuses the token: renew the one in storage.keys.token_file, or its policy: %w", err)
	case r.status >= 500 || r.status == http.StatusTooManyRequests:
		return shouwang.Errorf(shouwang.CodeStorageAway, "the key server cannot work now (sealed?): %w", err)
	}
	return err
}

func (v *Vault) once(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Vault-Request", "true")
	v.mu.Lock()
	req.Header.Set("X-Vault-Token", v.token)
	v.mu.Unlock()
	if v.cfg.Namespace != "" {
		req.Header.Set("X-Vault-Namespace", v.cfg.Namespace)
	}
	resp, err := v.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return answer(resp, out)
}

func answer(resp *http.Response, out any) error {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	var envelope struct {
		Data   json.RawMessage `json:"data"`
		Errors *[]string       `json:"errors"`
	}
	if len(raw) > 0 {
		err = json.Unmarshal(raw, &envelope)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		refused := &refusal{status: resp.StatusCode}
		if err == nil && envelope.Errors != nil {
			refused.words, refused.own = *envelope.Errors, true
		}
		return refused
	}
	if err == nil && out != nil {
		err = json.Unmarshal(envelope.Data, out)
	}
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

func (v *Vault) readToken() error {
	info, err := os.Stat(v.cfg.TokenFile)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.token_file cannot be read: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.token_file %s can be read by others: run chmod 600 on it", v.cfg.TokenFile)
	}
	raw, err := os.ReadFile(v.cfg.TokenFile)
	token := strings.TrimSpace(string(raw))
	if err != nil || token == "" || strings.ContainsAny(token, " \r\n") {
		return shouwang.Errorf(shouwang.CodeBadConfig, "storage.keys.token_file %s does not hold one token on one line", v.cfg.TokenFile)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.token = token
	return nil
}
