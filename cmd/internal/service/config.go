// Package service joins the rooms of the house into one running service: it is
// the only code that knows them all. Each file is one joint.
package service

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"shouwang"
	"shouwang/analyze/cascade"
	"shouwang/analyze/view"
	"shouwang/ingest"
	"shouwang/ingest/buttons"
	"shouwang/storage/complaints"
	"shouwang/storage/ledger"
	"shouwang/storage/notices"
	"shouwang/web"
)

// Config is all that an operator may set. A file holds any part of it; what it
// leaves out keeps its default. Unknown keys are errors.
type Config struct {
	// Data is the folder that holds everything: registry, catalog, keys, log,
	// spool and, unless S3 is configured, the bucket.
	Data string `yaml:"data"`
	// Log is debug, info, warn or error.
	Log string `yaml:"log"`
	// Language of what the service itself writes to people: zh-CN or en.
	Language string `yaml:"language"`
	// Policies is a folder of Cedar files that is followed while the service
	// runs; the set built in when empty.
	Policies string `yaml:"policies"`

	Ingest  ingest.Config `yaml:"ingest"`
	Analyze AnalyzeConfig `yaml:"analyze"`
	Storage StorageConfig `yaml:"storage"`
	Bus     BusConfig     `yaml:"bus"`
	Web     web.Config    `yaml:"web"`
	// Buttons is the broker that call buttons (SOS) speak to; over HTTP they
	// need none.
	Buttons buttons.Config `yaml:"buttons"`
	// Transparency is who checks the access log from outside.
	Transparency TransparencyConfig `yaml:"transparency"`
	// Complaints is where complaints go, outside the dispatch centre.
	Complaints complaints.Config `yaml:"complaints"`
	// Notices is how people are told outside the pages: mail and a webhook.
	Notices notices.Config `yaml:"notices"`
}

// TransparencyConfig is who checks the access log from outside.
type TransparencyConfig struct {
	// Origin is the log's name, by which witnesses know it: a host name with a
	// path or without, of this township alone. It is set before the first start
	// and never changes.
	Origin string `yaml:"origin"`
	// Area is the level of place that the monthly report counts by; the level
	// below the topmost when empty.
	Area string `yaml:"area"`

	ledger.CosignConfig `yaml:",inline"`
}

// AnalyzeConfig is how pictures are looked at.
type AnalyzeConfig struct {
	// Binary is the path of shouwang-analyzer; beside the running binary when
	// empty.
	Binary string `yaml:"binary"`
	// Workers is the number of analyzer processes; one per core when zero.
	Workers int `yaml:"workers"`
	// Policy is auto, full, track or presence, for every camera.
	Policy string `yaml:"policy"`
	// Model is the ONNX file of a network (YOLOX, 416x416, COCO's classes) that
	// names moving things person, vehicle or animal; without it nothing is
	// named. OnnxRuntime is the path of ONNX Runtime's library; empty, it is
	// looked for, and without it OpenCV runs the model, some five times slower.
	Model       string `yaml:"model"`
	OnnxRuntime string `yaml:"onnxruntime"`
	// Memory, Watchdog and Cores bound one analyzer: bytes, CPU time for one
	// access unit, and CPU time altogether in cores.
	Memory   int64         `yaml:"memory"`
	Watchdog time.Duration `yaml:"watchdog"`
	Cores    float64       `yaml:"cores"`
	// ViewDrift is for how long a camera must show another view than the approved
	// one before it is closed: 15s to 10m.
	ViewDrift time.Duration `yaml:"view_drift"`
	// Unsandboxed runs analyzers without the sandbox, where the kernel has no
	// landlock or seccomp. A camera's bytes can then do more harm.
	Unsandboxed bool `yaml:"unsandboxed"`
}

// cascade returns the policy for the cascade, which chooses where it is empty.
func (c *AnalyzeConfig) cascade() cascade.Policy {
	if c.Policy == "auto" {
		return cascade.Auto
	}
	return cascade.Policy(c.Policy)
}

// StorageConfig is where recordings go and how much room they may take.
type StorageConfig struct {
	// S3 is the bucket; a folder in Data when its endpoint is empty.
	S3 S3Config `yaml:"s3"`
	// MinFree is how many bytes of the disk are left free; the oldest unheld
	// segments go first, and then nothing more is recorded.
	MinFree int64 `yaml:"min_free"`
	// SpoolBytes bounds what waits on disk while the bucket is away.
	SpoolBytes int64 `yaml:"spool_bytes"`
	// Keys is where the keys of recordings live.
	Keys KeysConfig `yaml:"keys"`
	// PreRoll is how long before an event is recorded, from memory; it is
	// bounded by ingest.history_for.
	PreRoll time.Duration `yaml:"pre_roll"`
}

// KeysConfig says where the keys of recordings live: in a file of the data
// folder (kind file), or in the transit engine of OpenBao or Vault.
type KeysConfig struct {
	Kind      string `yaml:"kind"`    // file or transit
	Address   string `yaml:"address"` // https://HOST:PORT
	Mount     string `yaml:"mount"`
	TokenFile string `yaml:"token_file"`
	CAFile    string `yaml:"ca_file"`
	Namespace string `yaml:"namespace"`
}

// S3Config names an S3 bucket.
type S3Config struct {
	Endpoint  string `yaml:"endpoint"` // HOST:PORT
	Bucket    string `yaml:"bucket"`
	Region    string `yaml:"region"`
	AccessKey string `yaml:"access_key"`
	SecretKey string `yaml:"secret_key"`
	Insecure  bool   `yaml:"insecure"` // plain HTTP
}

// BusConfig is how messages travel; in process when Redis is empty.
type BusConfig struct {
	Redis string `yaml:"redis"` // redis://[:PASSWORD@]HOST:PORT/DB
}

// Defaults returns the configuration of one machine by itself.
func Defaults() Config {
	return Config{
		Data: "shouwang-data", Log: "info", Language: "zh-CN",
		Ingest:  ingest.DefaultConfig(),
		Analyze: AnalyzeConfig{Policy: "auto", Memory: 2 << 30, Watchdog: 2 * time.Second, Cores: 1.5, ViewDrift: view.DefaultPatience},
		Storage: StorageConfig{MinFree: 1 << 30, SpoolBytes: 8 << 30, Keys: KeysConfig{Kind: "file", Mount: "transit"}, PreRoll: 5 * time.Second, S3: S3Config{Region: "us-east-1"}},
		Web:     web.Defaults(),
		Buttons: buttons.Defaults(),
		Notices: notices.Defaults(),

		Transparency: TransparencyConfig{Origin: "shouwang.log", CosignConfig: ledger.DefaultCosign()},
	}
}

// LoadConfig reads a configuration file over the defaults; path "" is the
// defaults alone. Every mistake is CodeBadConfig with the place and the mend.
func LoadConfig(path string) (Config, error) {
	cfg := Defaults()
	if path == "" {
		return cfg, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return cfg, shouwang.Errorf(shouwang.CodeBadConfig, "read configuration: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) {
		return cfg, shouwang.Errorf(shouwang.CodeBadConfig, "configuration %s: %s", path, plainYAML(err))
	}
	return cfg, nil
}

var yamlField = regexp.MustCompile(`line (\d+): field (\S+) not found in type \S+`)

// plainYAML turns the library's words about Go types into words about the file.
func plainYAML(err error) string {
	var typed *yaml.TypeError
	if !errors.As(err, &typed) || len(typed.Errors) == 0 {
		return err.Error()
	}
	return yamlField.ReplaceAllString(typed.Errors[0], "line $1: unknown key \"$2\"; deploy/shouwang.yaml lists the keys")
}

// Validate returns the first setting that cannot work.
func (c *Config) Validate() error {
	bad := func(format string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeBadConfig, format, args...)
	}
	switch {
	case c.Data == "":
		return bad("data is empty: name a folder")
	case c.Log != "debug" && c.Log != "info" && c.Log != "warn" && c.Log != "error":
		return bad("log %q: write debug, info, warn or error", c.Log)
	case c.Language != "zh-CN" && c.Language != "en":
		return bad("language %q: write zh-CN or en", c.Language)
	case c.Policies != "" && !isFolder(c.Policies):
		return bad("policies: %s is not a folder; shouwang policy write FOLDER makes one to begin with", c.Policies)
	case c.Analyze.Workers < 0 || c.Analyze.Workers > 256:
		return bad("analyze.workers %d: write 0 (one per core) to 256", c.Analyze.Workers)
	case c.Analyze.Memory < 256<<20 || c.Analyze.Watchdog < 100*time.Millisecond || c.Analyze.Cores < 0.1:
		return bad("analyze: write memory of at least 268435456 bytes, watchdog of at least 100ms, cores of at least 0.1")
	case c.Analyze.ViewDrift < view.LeastPatience || c.Analyze.ViewDrift > view.MostPatience:
		return bad("analyze.view_drift %s: write %s to %s", c.Analyze.ViewDrift, view.LeastPatience, view.MostPatience)
	case c.Storage.MinFree < 0 || c.Storage.SpoolBytes < 64<<20:
		return bad("storage.min_free must not be negative and spool_bytes at least 67108864")
	case c.Storage.PreRoll < time.Second || c.Storage.PreRoll > c.Ingest.HistoryFor:
		return bad("storage.pre_roll %s: write 1s to ingest.history_for, which is %s", c.Storage.PreRoll, c.Ingest.HistoryFor)
	case c.Storage.S3.Endpoint != "" && (c.Storage.S3.Bucket == "" || c.Storage.S3.AccessKey == "" || c.Storage.S3.SecretKey == ""):
		return bad("storage.s3.endpoint is set, so bucket, access_key and secret_key must be too")
	}
	switch k := c.Storage.Keys; {
	case k.Kind != "file" && k.Kind != "transit":
		return bad("storage.keys.kind %q: write file or transit", k.Kind)
	case k.Kind == "transit" && (k.Address == "" || k.TokenFile == "" || k.Mount == ""):
		return bad("storage.keys.kind is transit, so address, mount and token_file must be set")
	}
	switch c.Analyze.Policy {
	case "auto", "full", "track", "presence":
	default:
		return bad("analyze.policy %q: write auto, full, track or presence", c.Analyze.Policy)
	}
	if strings.ContainsAny(c.Transparency.Origin, "+ \t\n") || c.Transparency.Origin == "" {
		return bad("transparency.origin %q: write a name such as a host name, without blanks and plus signs", c.Transparency.Origin)
	}
	if err := c.Transparency.Validate(); err != nil {
		return err
	}
	if err := c.Complaints.Validate(); err != nil {
		return err
	}
	if err := c.Notices.Validate(); err != nil {
		return err
	}
	if err := c.Ingest.Validate(); err != nil {
		return err
	}
	if err := c.Buttons.Validate(); err != nil {
		return err
	}
	return c.Web.Validate()
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// path returns a file in the data folder.
func (c *Config) path(name string) string { return filepath.Join(c.Data, name) }

// makeData makes the data folder and tries to write in it.
func (c *Config) makeData() error {
	err := os.MkdirAll(c.Data, 0o700)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(c.Data, ".writable-*"); err == nil {
			probe.Close()
			err = os.Remove(probe.Name())
		}
	}
	if err != nil {
		return shouwang.Errorf(shouwang.CodeDataUnreadable, "data folder %s cannot be used: %w; choose another with --data or mend its permissions", c.Data, err)
	}
	return nil
}

func (c *S3Config) String() string { return fmt.Sprintf("s3://%s/%s", c.Endpoint, c.Bucket) }
