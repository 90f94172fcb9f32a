// Package post hands JSON to a body outside the house over HTTP: signed where
// there is a secret, never in clear over a network, never redirected elsewhere.
package post

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"shouwang"
)

// SignatureHeader carries "t=SECONDS,v1=HEX": the time of sending in Unix
// seconds, and HMAC-SHA256 under the shared secret of that number as decimal
// digits, a full stop, and the body as sent. Whoever receives it refuses what is
// more than five minutes old, so that nothing can be played back later.
const SignatureHeader = "Shouwang-Signature"

const sendTimeout = 20 * time.Second

// client follows no redirect: what is sent was meant for one address.
var client = &http.Client{
	Timeout:       sendTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Parcel is one JSON body and where it goes.
type Parcel struct {
	URL    string
	ID     string // sent as Idempotency-Key: it may be sent twice
	Body   []byte
	Token  string    // bearer token, "" for none
	Secret []byte    // signs it, nil for no signature
	At     time.Time // of sending, for the signature
}

// CheckURL returns CodeBadConfig naming the setting unless address is https, or
// http to this machine.
func CheckURL(setting, address string) error {
	u, err := url.Parse(address)
	local := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost" || u.Hostname() == "::1")
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return shouwang.Errorf(shouwang.CodeBadConfig, "%s %q: write an address with https://; this does not travel in clear", setting, address)
	}
	return nil
}

// Refusal is an answer other than 2xx.
type Refusal struct{ Status int }

func (r *Refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the outside body answers %d %s", r.Status, http.StatusText(r.Status)))
}

// Send posts the parcel and returns nil when it was answered with 2xx. Errors:
// CodeUnreachable, holding a *Refusal where there was an answer.
func Send(ctx context.Context, p *Parcel) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, bytes.NewReader(p.Body))
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", p.ID)
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	if p.Secret != nil {
		req.Header.Set(SignatureHeader, Sign(p.Secret, p.At, p.Body))
	}
	res, err := client.Do(req)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeUnreachable, "post: %w", withoutURL(err))
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return shouwang.Errorf(shouwang.CodeUnreachable, "post: %w", &Refusal{res.StatusCode})
	}
	return nil
}

// withoutURL is an error without the address asked: some bodies put a secret
// into theirs, and this ends up in logs.
func withoutURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// Sign returns the value of SignatureHeader.
func Sign(secret []byte, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(seconds + ".")) // never fails (hash.Hash)
	_, _ = mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
