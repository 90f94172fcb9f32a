package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shouwang/policy/gate"
)

// policiesEvery is how often the folder of policies is looked at.
const policiesEvery = 2 * time.Second

// policyFolder follows a folder of Cedar files. A set that its schema or its
// notes do not pass is refused, loudly, and the one in force stays.
type policyFolder struct {
	s       *Service
	dir     string
	seen    string // of the files as last looked at, good or bad
	refused prometheus.Counter
	inForce *prometheus.GaugeVec
}

func (s *Service) newPolicyFolder() *policyFolder {
	p := &policyFolder{
		s: s, dir: s.cfg.Policies,
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "shouwang_policy_reloads_refused_total", Help: "Policy sets in the folder that could not be put in force; the one before stayed.",
		}),
		inForce: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "shouwang_policy_set_info", Help: "The hash of the policy set in force.",
		}, []string{"hash"}),
	}
	s.metrics.MustRegister(p.refused, p.inForce)
	return p
}

// first reads the set that the service starts with: the folder's, which must
// be good then, or the one built in.
func (p *policyFolder) first() (*gate.Rules, error) {
	if p.dir == "" {
		return gate.DefaultRules()
	}
	p.seen = p.print()
	return gate.ParseRules(os.DirFS(p.dir))
}

// run follows the folder until ctx ends.
func (p *policyFolder) run(ctx context.Context) {
	p.say()
	for p.dir != "" && sleep(ctx, policiesEvery) {
		p.look()
	}
}

// look reads the folder again if anything in it has changed.
func (p *policyFolder) look() {
	print := p.print()
	if print == p.seen {
		return
	}
	p.seen = print
	rules, err := gate.ParseRules(os.DirFS(p.dir))
	if err == nil {
		err = gate.CheckViewGate(p.s.node.gate.World(), rules)
	}
	if err != nil {
		p.refused.Inc()
		p.s.log.Error("POLICIES REFUSED: the set before stays in force; mend the files", "folder", p.dir, "in_force", p.s.node.gate.PolicySet(), "error", err)
		return
	}
	if rules.Hash() != p.s.node.gate.PolicySet() {
		p.s.node.gate.SwapRules(rules)
		p.say()
	}
}

// say shows the hash in force to whoever reads the metrics.
func (p *policyFolder) say() {
	p.inForce.Reset()
	p.inForce.WithLabelValues(p.s.node.gate.PolicySet()).Set(1)
}

// print is a hash over the names and bytes of the files: an editor that writes
// a file twice within a clock's tick is noticed as well.
func (p *policyFolder) print() string {
	files := os.DirFS(p.dir)
	sum := sha256.New()
	for _, pattern := range []string{"*.cedar", "*.cedarschema"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			continue
		}
		for _, name := range names {
			raw, err := fs.ReadFile(files, path.Clean(name))
			if err == nil {
				_, _ = sum.Write([]byte(name + "\x00" + string(raw) + "\x00"))
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
