package web

import (
	"net"
	"time"

	"shouwang"
	"shouwang/web/oidc"
	"shouwang/web/passkey"
)

// Config is how the service is reached.
type Config struct {
	// HTTP is the listen address. Without TLS it must be loopback.
	HTTP string `yaml:"http"`
	// TLS is off, auto (a local authority made at first start) or files.
	TLS string `yaml:"tls"`
	// CertFile and KeyFile are PEM files for TLS "files".
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// Names are the host names and addresses that browsers use, for the
	// certificate made by TLS "auto".
	Names []string `yaml:"names"`
	// Address is what people open, as https://watch.example; keys for signing in by
	// touch are good there and nowhere else, so it must stay. notices.public_url
	// when empty, else localhost.
	Address string `yaml:"address"`
	// MediaUDP and MediaTCP are the ports for live video, PublicIPs what
	// browsers are told when the machine stands behind address translation.
	MediaUDP  string   `yaml:"media_udp"`
	MediaTCP  string   `yaml:"media_tcp"`
	PublicIPs []string `yaml:"public_ips"`
	// TicketCheck is how often a live view is judged anew; at most 15 s.
	TicketCheck time.Duration `yaml:"ticket_check"`
	// CopyBytes bounds one viewing copy, CacheBytes all of them together.
	CopyBytes  int `yaml:"copy_bytes"`
	CacheBytes int `yaml:"cache_bytes"`
	// CopySpan is the longest stretch that is rendered for playback at once.
	CopySpan time.Duration `yaml:"copy_span"`
	// MaxViews bounds the live views at once, MaxViewsPerson those of one
	// person.
	MaxViews       int `yaml:"max_views"`
	MaxViewsPerson int `yaml:"max_views_person"`
	// OIDC is the identity provider of a department; none when its issuer is
	// empty.
	OIDC oidc.Config `yaml:"oidc"`
}

// Defaults returns the configuration of a machine by itself.
func Defaults() Config {
	return Config{
		HTTP: "127.0.0.1:8080", TLS: "off", MediaUDP: ":8189", MediaTCP: ":8189",
		Names: []string{"localhost", "127.0.0.1", "::1"}, TicketCheck: 15 * time.Second,
		CopyBytes: 64 << 20, CacheBytes: 256 << 20, CopySpan: 10 * time.Minute,
		MaxViews: 1000, MaxViewsPerson: 100, OIDC: oidc.Defaults(),
	}
}

// Validate returns the first mistake, with CodeBadConfig and a line that says
// what to write instead.
func (c Config) Validate() error {
	bad := func(format string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeBadConfig, format, args...)
	}
	host, _, err := net.SplitHostPort(c.HTTP)
	if err != nil {
		return bad("web: http %q: write HOST:PORT, as 127.0.0.1:8080", c.HTTP)
	}
	switch c.TLS {
	case "off":
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return bad("web: http %q is not loopback, so tls must be auto or files", c.HTTP)
		}
	case "auto":
		if len(c.Names) == 0 {
			return bad("web: names is empty: list the host names and addresses that browsers use")
		}
	case "files":
		if c.CertFile == "" || c.KeyFile == "" {
			return bad("web: tls is files, so cert_file and key_file must be given")
		}
	default:
		return bad("web: tls %q: write off, auto or files", c.TLS)
	}
	if c.MediaUDP == "" && c.MediaTCP == "" {
		return bad("web: media_udp and media_tcp are both empty: live video needs one")
	}
	if c.TicketCheck <= 0 || c.TicketCheck > 15*time.Second {
		return bad("web: ticket_check %s: write more than 0 and at most 15s", c.TicketCheck)
	}
	if c.CopyBytes <= 0 || c.CacheBytes < c.CopyBytes || c.CopySpan <= 0 {
		return bad("web: copy_bytes and copy_span must be above zero, cache_bytes at least copy_bytes")
	}
	if c.MaxViews <= 0 || c.MaxViewsPerson <= 0 {
		return bad("web: max_views and max_views_person must be above zero")
	}
	if err := passkey.Usable(c.Address); err != nil {
		return err
	}
	return c.OIDC.Validate()
}
