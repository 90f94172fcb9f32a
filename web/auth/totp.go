package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, the one that phones' apps know
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

const (
	totpStep   = 30 * time.Second // RFC 6238, 4.1
	totpDigits = 6
	totpSkew   = 1 // steps before and after that are accepted (RFC 6238, 5.2)
	totpBytes  = 20
)

// NewTOTPSecret returns a random key of 160 bits (RFC 4226, 4 R6).
func NewTOTPSecret() []byte {
	key := make([]byte, totpBytes)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// TOTPAddress returns the otpauth:// address that an app on a phone reads as a
// QR code. It holds the secret: show it, never log it.
func TOTPAddress(issuer, account string, secret []byte) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: url.Values{
		"secret": {base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)}, "issuer": {issuer},
	}.Encode()}
	return u.String()
}

// HOTP returns the code of a counter (RFC 4226, 5.3), zero-padded.
func HOTP(secret []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, counter))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	code := uint64(binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff)
	mod := uint64(1)
	for range digits {
		mod *= 10
	}
	return fmt.Sprintf("%0*d", digits, code%mod)
}

// CheckTOTP returns the time step whose code was given, or false. Steps up to
// last were used already and are refused (RFC 6238, 5.2: a code works once).
func CheckTOTP(secret []byte, code string, now time.Time, last uint64) (step uint64, ok bool) {
	if len(secret) == 0 || now.Unix() < 0 {
		return 0, false
	}
	current := uint64(now.Unix()) / uint64(totpStep/time.Second)
	for s := current - min(current, totpSkew); s <= current+totpSkew; s++ {
		// All steps are tried, so that the time taken does not tell which matched.
		if subtle.ConstantTimeCompare([]byte(HOTP(secret, s, totpDigits)), []byte(code)) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}
