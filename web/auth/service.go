package auth

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"shouwang"
)

// Config is how strict sign-in is. The zero value means the defaults.
type Config struct {
	Clock func() time.Time // time.Now when nil
	// Params are argon2id's costs for new hashes, DefaultParams when zero.
	Params Params
	// AtOnce is how many passwords are hashed at a time, 2 when zero; each takes
	// Params.MemoryKiB.
	AtOnce int
	// Lifetime says how long a principal's sessions live, DefaultLifetime when
	// nil.
	Lifetime func(principal string) Lifetime
}

// Lifetime bounds a session: it ends Idle after it was last used and Absolute
// after it was made.
type Lifetime struct{ Idle, Absolute time.Duration }

// DefaultLifetime gives a shift to those who work with other people's pictures,
// a month to a resident's phone and to a wall that nobody signs in every day.
func DefaultLifetime(principal string) Lifetime {
	const day = 24 * time.Hour
	switch kind, _, _ := strings.Cut(principal, ":"); kind {
	case "resident":
		return Lifetime{Idle: 7 * day, Absolute: 30 * day}
	case "kiosk":
		return Lifetime{Idle: 7 * day, Absolute: 90 * day}
	default:
		return Lifetime{Idle: 2 * time.Hour, Absolute: 12 * time.Hour}
	}
}

// LongestIdle and LongestLife bound every DefaultLifetime: a session beyond
// them may be deleted unseen.
const (
	LongestIdle = 7 * 24 * time.Hour
	LongestLife = 90 * 24 * time.Hour
)

// The brakes: an account may fail ten times and then twice a minute, which
// leaves its owner a way in while somebody guesses; an address may fail thirty
// times, since a whole office may be behind it.
const (
	accountBurst, accountRefill = 10, 30 * time.Second
	addressBurst, addressRefill = 30, 10 * time.Second
	factorBurst, factorRefill   = 5, time.Minute
	throttleKeys                = 10_000
	// touchEvery spares the store a write for every request.
	touchEvery = time.Minute
)

// Service signs people in. Its methods may be called from any goroutine.
type Service struct {
	store                        Store
	clock                        func() time.Time
	lifetime                     func(string) Lifetime
	hasher                       *Hasher
	accounts, addresses, factors *Throttle
}

// New returns a service over the store.
func New(store Store, cfg Config) *Service {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Params == (Params{}) {
		cfg.Params = DefaultParams()
	}
	if cfg.AtOnce == 0 {
		cfg.AtOnce = 2
	}
	if cfg.Lifetime == nil {
		cfg.Lifetime = DefaultLifetime
	}
	return &Service{
		store: store, clock: cfg.Clock, lifetime: cfg.Lifetime, hasher: NewHasher(cfg.Params, cfg.AtOnce),
		accounts:  NewThrottle(accountBurst, accountRefill, throttleKeys, cfg.Clock),
		addresses: NewThrottle(addressBurst, addressRefill, throttleKeys, cfg.Clock),
		factors:   NewThrottle(factorBurst, factorRefill, throttleKeys, cfg.Clock),
	}
}

// HashPassword hashes a password made for somebody, for a new account.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	return s.hasher.Hash(ctx, password)
}

// SignIn checks a name and password and opens a session. remote is the address
// the request came from, with or without a port. Errors: CodeUnauthenticated,
// the same for every cause; CodeRateLimited as a *TooMany; a store's own.
func (s *Service) SignIn(ctx context.Context, name, password, remote string) (token string, session Session, err error) {
	name = loginName(name)
	address := AddressKey(remote)
	if wait := s.addresses.Take(address); wait > 0 {
		return "", Session{}, tooMany(wait)
	}
	if wait := s.accounts.Take(name); wait > 0 {
		return "", Session{}, tooMany(wait)
	}
	account, err := s.check(ctx, name, password)
	if err != nil {
		return "", Session{}, err
	}
	s.addresses.Forgive(address)
	s.accounts.Forgive(name)
	return s.open(ctx, account, time.Time{})
}

// check returns the account that the name and password open. It does the same
// work for a name that does not exist.
func (s *Service) check(ctx context.Context, name, password string) (shouwang.Account, error) {
	account, err := s.store.Account(ctx, name)
	if err != nil && shouwang.CodeOf(err) != shouwang.CodeNotFound {
		return shouwang.Account{}, err
	}
	ok, stale, err := s.hasher.Verify(ctx, account.PasswordHash, password)
	if err != nil {
		return shouwang.Account{}, err
	}
	if !ok || account.Disabled {
		return shouwang.Account{}, wrong()
	}
	if stale {
		s.rehash(ctx, account, password)
	}
	return account, nil
}

// rehash brings a hash up to the present costs. That it fails is no reason to
// turn somebody away: it is tried again at the next sign-in.
func (s *Service) rehash(ctx context.Context, old shouwang.Account, password string) {
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return
	}
	_ = s.store.UpdateAccount(ctx, old.Name, func(a *shouwang.Account) error {
		if a.PasswordHash == old.PasswordHash {
			a.PasswordHash = hash
		}
		return nil
	})
}

func wrong() error {
	return shouwang.Errorf(shouwang.CodeUnauthenticated, "the name or the password is wrong")
}

// loginName is how a typed name is looked up: phones capitalise first letters
// and leave blanks.
func loginName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) > 64 {
		return name[:64]
	}
	return name
}

// AddressKey is what counts as one address: an IPv4 address or an IPv6 /64,
// which is what one household gets.
func AddressKey(remote string) string {
	if at, err := netip.ParseAddrPort(remote); err == nil {
		remote = at.Addr().String()
	}
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if net, err := addr.Prefix(64); err == nil {
			return net.String()
		}
	}
	return addr.String()
}
