package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are argon2id's costs (RFC 9106).
type Params struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultParams is RFC 9106's second recommendation (64 MiB, 3 passes) with
// two lanes in place of four, as small machines have two cores: some 100 ms and
// 64 MiB for one try, which Hasher's limit keeps from adding up.
func DefaultParams() Params { return Params{MemoryKiB: 64 << 10, Passes: 3, Lanes: 2} }

const (
	saltBytes = 16
	keyBytes  = 32
	// maxMemoryKiB and maxPasses bound what a stored hash may ask for.
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
	// maxPassword bounds what is hashed, in bytes.
	maxPassword = 1024
)

var errBadHash = errors.New("password hash is not a PHC string of argon2id v19")

// Hasher hashes and checks passwords, a bounded number at once, so that a flood
// of sign-ins cannot use up the memory.
type Hasher struct {
	params Params
	slots  chan struct{}
	decoy  string
}

// NewHasher returns a hasher that makes new hashes with the costs given and
// works on at most atOnce passwords, others waiting.
func NewHasher(p Params, atOnce int) *Hasher {
	h := &Hasher{params: p, slots: make(chan struct{}, max(1, atOnce))}
	h.decoy = encode(p, make([]byte, saltBytes), make([]byte, keyBytes))
	return h
}

// Hash returns a PHC string for the password with a fresh salt. It waits for
// its turn until ctx ends.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key, err := h.derive(ctx, h.params, password, salt, keyBytes)
	if err != nil {
		return "", err
	}
	return encode(h.params, salt, key), nil
}

// Verify reports whether the password is the one behind the PHC string, in time
// that does not depend on where they differ. An empty or broken hash costs as
// much as a good one and matches nothing; a broken one is also an error. stale
// says that a good password should be hashed anew, since the costs have changed.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (ok, stale bool, err error) {
	use := phc
	if use == "" {
		use = h.decoy
	}
	p, salt, want, broken := decode(use)
	if broken != nil {
		p, salt, want, _ = decode(h.decoy)
	}
	got, err := h.derive(ctx, p, password, salt, len(want))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want) == 1 && phc != "" && broken == nil
	return ok, ok && p != h.params, broken
}

func (h *Hasher) derive(ctx context.Context, p Params, password string, salt []byte, n int) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	if len(password) > maxPassword {
		password = password[:0] // too long to be anybody's; the work is the same
		salt = make([]byte, len(salt))
	}
	return argon2.IDKey([]byte(password), salt, p.Passes, p.MemoryKiB, p.Lanes, uint32(n)), nil
}

// encode writes the PHC string format:
// $argon2id$v=19$m=65536,t=3,p=2$salt$hash, base64 without padding.
func encode(p Params, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.MemoryKiB, p.Passes, p.Lanes,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decode(phc string) (p Params, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(phc) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, nil, nil, errBadHash
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return p, nil, nil, errBadHash
	}
	m, errM := cost(costs[0], "m=", maxMemoryKiB)
	t, errT := cost(costs[1], "t=", maxPasses)
	l, errL := cost(costs[2], "p=", 255)
	salt, errS := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	key, errK := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errors.Join(errM, errT, errL, errS, errK) != nil || len(salt) < 8 || len(key) < 16 {
		return p, nil, nil, errBadHash
	}
	return Params{MemoryKiB: uint32(m), Passes: uint32(t), Lanes: uint8(l)}, salt, key, nil
}

func cost(s, prefix string, limit uint64) (uint64, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n < 1 || n > limit {
		return 0, errBadHash
	}
	return n, nil
}
