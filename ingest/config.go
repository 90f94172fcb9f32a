package ingest

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/rtsp"
)

// Config is what an operator may set about cameras coming in.
type Config struct {
	// Push is the address that publishing cameras connect to, "" for none.
	Push string `yaml:"push" json:"push"`
	// PushTLS is the same for rtsps; it needs Deps.PushTLS.
	PushTLS string `yaml:"push_tls" json:"push_tls"`
	// Allow lists networks that may be dialled although they are loopback,
	// link-local or the like; Deny lists networks that may not. Deny wins.
	Allow []netip.Prefix `yaml:"allow" json:"allow"`
	Deny  []netip.Prefix `yaml:"deny" json:"deny"`
	// OnlyAllowed refuses whatever is outside Allow.
	OnlyAllowed bool `yaml:"only_allowed" json:"only_allowed"`
	// TLSInsecure accepts any certificate of an rtsps camera.
	TLSInsecure bool `yaml:"tls_insecure" json:"tls_insecure"`
	// Timeout bounds one RTSP request, StallAfter the silence before a live
	// stream counts as stalled; after twice that the session is given up.
	Timeout    time.Duration `yaml:"timeout" json:"timeout"`
	StallAfter time.Duration `yaml:"stall_after" json:"stall_after"`
	// BackoffMin doubles up to BackoffMax, with jitter; RefusedRetry is for
	// what only a person can mend (wrong password, codec), so that a camera
	// does not lock our account.
	BackoffMin   time.Duration `yaml:"backoff_min" json:"backoff_min"`
	BackoffMax   time.Duration `yaml:"backoff_max" json:"backoff_max"`
	RefusedRetry time.Duration `yaml:"refused_retry" json:"refused_retry"`
	// HistoryBytes and HistoryFor bound each stream's history; 0 bytes keeps none.
	HistoryBytes int64         `yaml:"history_bytes" json:"history_bytes"`
	HistoryFor   time.Duration `yaml:"history_for" json:"history_for"`
}

// DefaultConfig returns the settings used where nothing is configured.
func DefaultConfig() Config {
	return Config{
		Push:    ":8554",
		Timeout: 10 * time.Second, StallAfter: 5 * time.Second,
		BackoffMin: 500 * time.Millisecond, BackoffMax: 30 * time.Second,
		RefusedRetry: 5 * time.Minute,
		HistoryBytes: 8 << 20, HistoryFor: 12 * time.Second,
	}
}

// Validate returns the first setting that cannot work, with CodeBadConfig.
func (c *Config) Validate() error {
	for name, addr := range map[string]string{"push": c.Push, "push_tls": c.PushTLS} {
		if addr == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(addr); err != nil {
			return shouwang.Errorf(shouwang.CodeBadConfig, "ingest.%s must be HOST:PORT or :PORT, not %q", name, addr)
		}
	}
	for name, d := range map[string]time.Duration{
		"timeout": c.Timeout, "stall_after": c.StallAfter, "backoff_min": c.BackoffMin,
		"backoff_max": c.BackoffMax, "refused_retry": c.RefusedRetry,
	} {
		if d < 10*time.Millisecond || d > time.Hour {
			return shouwang.Errorf(shouwang.CodeBadConfig, "ingest.%s must be between 10ms and 1h, not %s", name, d)
		}
	}
	if c.BackoffMax < c.BackoffMin {
		return shouwang.Errorf(shouwang.CodeBadConfig, "ingest.backoff_max must not be below backoff_min")
	}
	if c.HistoryBytes < 0 || c.HistoryBytes > 1<<30 || c.HistoryFor < 0 || c.HistoryFor > 10*time.Minute {
		return shouwang.Errorf(shouwang.CodeBadConfig, "ingest.history_bytes must be within 0..1073741824 and history_for within 0..10m")
	}
	return nil
}

func (c *Config) guard(r guard.Resolver) *guard.Guard {
	return &guard.Guard{Allow: c.Allow, Deny: c.Deny, Only: c.OnlyAllowed, Resolver: r, Timeout: c.Timeout}
}

// Deps are what a Manager needs from its neighbours. All but PushAuth may be
// nil; without PushAuth nobody may publish.
type Deps struct {
	Log      *slog.Logger
	Clock    func() time.Time
	Resolver guard.Resolver
	TLS      rtsp.TLS
	PushTLS  *tls.Config
	// OnStatus is told of every change of a stream's state, in order per
	// stream; it must not block for long nor call the Manager.
	OnStatus func(shouwang.StreamStatus)
	// PushAuth checks a publish token.
	PushAuth func(camera shouwang.CameraID, token string) error
	// PushSecret returns a publish token in clear, which digest needs.
	PushSecret func(camera shouwang.CameraID) (string, bool)
	// Allowed says whether anybody may use the camera now; its error says why
	// not. Asked before each connect, at Refresh, and every 15 seconds.
	Allowed func(camera shouwang.CameraID) error

	// Pull runs one session with a camera that serves; nil is rtsp.Pull. Tests
	// and measurements put cameras without a network here.
	Pull func(ctx context.Context, cfg rtsp.PullConfig) error
}
