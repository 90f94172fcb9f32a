package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/tessera/client"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// Witness is an outside body that cosigns checkpoints (C2SP tlog-witness).
type Witness struct {
	// URL is where it takes them: add-checkpoint is appended.
	URL string `yaml:"url"`
	// Key is its public key, NAME+HASH+KEY.
	Key string `yaml:"key"`
}

// CosignConfig says which witnesses are asked and how often.
type CosignConfig struct {
	// Witnesses run outside the dispatch centre; none by default.
	Witnesses []Witness `yaml:"witnesses"`
	// Quorum is how many must have cosigned a checkpoint before it is served as
	// cosigned; more than half when zero.
	Quorum int `yaml:"quorum"`
	// Every is how often a grown log is shown to the witnesses.
	Every time.Duration `yaml:"every"`
	// Timeout is how long one of them may take.
	Timeout time.Duration `yaml:"timeout"`
}

// DefaultCosign asks nobody, and whoever is configured every ten seconds.
func DefaultCosign() CosignConfig {
	return CosignConfig{Witnesses: []Witness{}, Every: 10 * time.Second, Timeout: 10 * time.Second}
}

// Validate returns the first setting that cannot work.
func (c *CosignConfig) Validate() error {
	bad := func(format string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeBadConfig, format, args...)
	}
	for i, w := range c.Witnesses {
		if !strings.HasPrefix(w.URL, "https://") && !strings.HasPrefix(w.URL, "http://") {
			return bad("transparency.witnesses[%d].url %q: write an address with https://", i, w.URL)
		}
		if _, err := fnote.NewVerifierForCosignatureV1(w.Key); err != nil {
			return bad("transparency.witnesses[%d].key %.60q: write the public key that the witness prints when it starts", i, w.Key)
		}
		for _, other := range c.Witnesses[:i] {
			if other.Key == w.Key {
				return bad("transparency.witnesses[%d] is named twice: one witness counts once", i)
			}
		}
	}
	switch {
	case c.Quorum < 0 || c.Quorum > len(c.Witnesses):
		return bad("transparency.quorum %d: write 0 (more than half) to %d, the number of witnesses", c.Quorum, len(c.Witnesses))
	case c.Every < 100*time.Millisecond || c.Timeout < 100*time.Millisecond:
		return bad("transparency.every and transparency.timeout must be at least 100ms")
	}
	return nil
}

// trust is what a cosigned checkpoint must fulfil.
func (c *CosignConfig) trust(key string) checkpoint.Trust {
	t := checkpoint.Trust{Key: key, Quorum: c.Quorum}
	for _, w := range c.Witnesses {
		t.Witnesses = append(t.Witnesses, w.Key)
	}
	if t.Quorum == 0 && len(c.Witnesses) > 0 {
		t.Quorum = len(c.Witnesses)/2 + 1
	}
	return t
}

// WitnessState is how a witness stands.
type WitnessState struct {
	Name  string    `json:"name"`
	Key   string    `json:"key"`
	Size  uint64    `json:"size" doc:"Entries under the newest checkpoint it cosigned"`
	At    time.Time `json:"at,omitzero" doc:"When it last cosigned"`
	Away  string    `json:"away,omitempty" doc:"Why it does not cosign now; empty when it does"`
	Since time.Time `json:"since,omitzero" doc:"Since when it does not"`
	// Refuses says that it answered, and that what it has seen of the log is not
	// what it was shown.
	Refuses bool `json:"refuses,omitempty"`
}

// Cosigner has witnesses cosign the log's checkpoints, beside the log's work:
// nothing waits for a witness. One that is away is asked again at each round.
type Cosigner struct {
	ledger *Ledger
	cfg    CosignConfig
	trust  checkpoint.Trust
	clock  func() time.Time
	http   *http.Client

	rounds sync.Mutex // one round at a time

	mu     sync.Mutex
	states []WitnessState
}

// refresh is how old a witness's word of an unchanged log may get.
const refresh = time.Hour

// NewCosigner joins the log to its witnesses; a checkpoint that they cosigned
// before a restart is served again. clock may be nil.
func NewCosigner(l *Ledger, cfg CosignConfig, clock func() time.Time) (*Cosigner, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if clock == nil {
		clock = time.Now
	}
	c := &Cosigner{ledger: l, cfg: cfg, trust: cfg.trust(l.VerifierKey()), clock: clock, http: &http.Client{Timeout: cfg.Timeout}}
	for _, w := range cfg.Witnesses {
		v, err := fnote.NewVerifierForCosignatureV1(w.Key)
		if err != nil {
			return nil, err
		}
		c.states = append(c.states, WitnessState{Name: v.Name(), Key: w.Key, Away: "not asked yet", Since: clock()})
	}
	raw, err := os.ReadFile(c.path())
	if err == nil && len(cfg.Witnesses) > 0 {
		if cp, err := checkpoint.Open(string(raw), c.trust); err == nil {
			c.keep(cp)
		}
	}
	return c, nil
}

func (c *Cosigner) path() string { return filepath.Join(c.ledger.PublicDir(), cosignedPath) }

// keep makes a cosigned checkpoint the one that proofs are given under.
func (c *Cosigner) keep(cp checkpoint.Checkpoint) {
	c.ledger.cosigned.Store(&cp)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, sig := range cp.Cosigned {
		for i := range c.states {
			if s := &c.states[i]; s.Name == sig.Name {
				s.Size, s.At = cp.Size, sig.At
			}
		}
	}
}

// Run asks the witnesses until ctx ends.
func (c *Cosigner) Run(ctx context.Context) {
	if len(c.cfg.Witnesses) == 0 {
		return
	}
	tick := time.NewTicker(c.cfg.Every)
	defer tick.Stop()
	for {
		if err := c.Cosign(ctx); err != nil && ctx.Err() == nil {
			c.ledger.cfg.Log.Warn("the log's newest checkpoint is not cosigned by enough witnesses", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Cosign makes one round: the newest checkpoint is shown to every witness that
// has not lately cosigned it, and kept when enough have. The error says who has
// not.
func (c *Cosigner) Cosign(ctx context.Context) error {
	c.rounds.Lock()
	defer c.rounds.Unlock()
	cp, err := c.ledger.tree.checkpoint(ctx)
	if err != nil || cp.Size == 0 || c.done(cp) {
		return err
	}
	builder, err := client.NewProofBuilder(ctx, cp.Size, c.ledger.tree.read.ReadTile)
	if err != nil {
		return fmt.Errorf("cosign: %w", err)
	}
	lines, errs := make([]string, len(c.cfg.Witnesses)), make([]error, len(c.cfg.Witnesses))
	var proving sync.Mutex // the builder is one caller's at a time
	prove := func(from uint64) ([][]byte, error) {
		proving.Lock()
		defer proving.Unlock()
		return builder.ConsistencyProof(ctx, from, cp.Size)
	}
	var asking sync.WaitGroup
	for i, w := range c.cfg.Witnesses {
		asking.Go(func() {
			a := asked{http: c.http, key: c.trust.Key, witness: w, old: c.stateOf(i).Size, checkpoint: cp, prove: prove}
			lines[i], errs[i] = a.run(ctx)
		})
	}
	asking.Wait()
	return c.settle(cp, lines, errs)
}

func (c *Cosigner) stateOf(i int) WitnessState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.states[i]
}

// done reports whether every witness has lately cosigned this very checkpoint.
func (c *Cosigner) done(cp checkpoint.Checkpoint) bool {
	now := c.clock()
	return !slices.ContainsFunc(c.States(), func(s WitnessState) bool {
		return s.Away != "" || s.Size != cp.Size || now.Sub(s.At) > refresh
	})
}

// settle notes what came of a round and keeps the checkpoint when the quorum
// is there.
func (c *Cosigner) settle(cp checkpoint.Checkpoint, lines []string, errs []error) error {
	now := c.clock()
	c.mu.Lock()
	for i, err := range errs {
		c.states[i].note(cp.Size, now, err)
	}
	c.mu.Unlock()
	cosigned, err := checkpoint.Open(cp.Raw+strings.Join(lines, ""), c.trust)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if err := checkpoint.WriteSynced(c.path(), cosigned.Raw, 0o644); err != nil {
		return fmt.Errorf("keep cosigned checkpoint: %w", err)
	}
	c.keep(cosigned)
	return nil
}

// note writes down a witness's answer.
func (s *WitnessState) note(size uint64, now time.Time, err error) {
	if err == nil {
		s.Size, s.At, s.Away, s.Since, s.Refuses = size, now, "", time.Time{}, false
		return
	}
	if s.Away == "" {
		s.Since = now
	}
	s.Away = err.Error()
	s.Refuses = errors.Is(err, errRefused)
	var known behind
	if errors.As(err, &known) {
		s.Size = known.size
	}
}

// States tells how each witness stands.
func (c *Cosigner) States() []WitnessState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.states)
}

// Quorum is how many witnesses must have cosigned.
func (c *Cosigner) Quorum() int { return c.trust.Quorum }
