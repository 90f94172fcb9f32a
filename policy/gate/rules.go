package gate

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"shouwang"
	"shouwang/policy"
)

//go:embed rules/*.cedar rules/schema.cedarschema
var embedded embed.FS

// maxPolicies bounds a policy set: Cedar evaluates every policy each time.
const maxPolicies = 64

// Rules is a policy set that passed its schema. It is immutable.
type Rules struct {
	set      *cedar.PolicySet
	notes    map[types.PolicyID]note
	actions  types.EntityMap
	validate *validate.Validator
	hash     string
	memo     memo
	ordered  policies           // set, in the order of the files
	byShape  map[shape]policies // what is evaluated for each kind of request
}

// note is what a policy's annotations say.
type note struct {
	reason policy.Reason
	oblige []policy.ObligationID
	ttl    int
}

var builtin = sync.OnceValues(func() (*Rules, error) {
	sub, err := fs.Sub(embedded, "rules")
	if err != nil {
		return nil, err
	}
	return ParseRules(sub)
})

// BuiltinFiles are the schema and the policy files built into the program.
func BuiltinFiles() fs.FS {
	sub, err := fs.Sub(embedded, "rules")
	if err != nil {
		return embedded // cannot be: the folder is embedded
	}
	return sub
}

// DefaultRules returns the policy set built into the program.
func DefaultRules() (*Rules, error) { return builtin() }

// ParseRules reads schema.cedarschema and every *.cedar file at the top of
// the file system, checks each policy against the schema and its annotations
// (id, reason; on a permit ttl and oblige) and returns the set. The error has
// code bad_config and names the file.
func ParseRules(files fs.FS) (*Rules, error) {
	rules, err := parseRules(files)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadConfig, "read policies: %w", err)
	}
	return rules, nil
}

func parseRules(files fs.FS) (*Rules, error) {
	text, err := fs.ReadFile(files, "schema.cedarschema")
	if err != nil {
		return nil, err
	}
	r := &Rules{set: cedar.NewPolicySet(), notes: map[types.PolicyID]note{}}
	if err := r.readSchema(text); err != nil {
		return nil, fmt.Errorf("schema.cedarschema: %w", err)
	}
	names, err := fs.Glob(files, "*.cedar")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	hashFile(sum, "schema.cedarschema", text)
	for _, name := range slices.Sorted(slices.Values(names)) {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		hashFile(sum, name, text)
		if err := r.readPolicies(path.Base(name), text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(r.notes) == 0 || len(r.notes) > maxPolicies {
		return nil, fmt.Errorf("%d policies: write at least one and at most %d", len(r.notes), maxPolicies)
	}
	r.applicable()
	r.hash = "sha256:" + hex.EncodeToString(sum.Sum(nil))
	return r, nil
}

// hashFile keeps names and lengths in the hash, so that no two sets of files
// run together into the same bytes.
func hashFile(w hash.Hash, name string, text []byte) {
	fmt.Fprintf(w, "%d:%s%d:", len(name), name, len(text))
	w.Write(text)
}

func (r *Rules) readSchema(text []byte) error {
	var s schema.Schema
	if err := s.UnmarshalCedar(text); err != nil {
		return err
	}
	resolved, err := s.Resolve()
	if err != nil {
		return err
	}
	r.actions = types.EntityMap{}
	for uid, action := range resolved.Actions {
		r.actions[uid] = action.Entity
	}
	r.validate = validate.New(resolved)
	return nil
}

func (r *Rules) readPolicies(name string, text []byte) error {
	list, err := cedar.NewPolicyListFromBytes(name, text)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := r.add(p); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rules) add(p *cedar.Policy) error {
	notes := p.Annotations()
	id := types.PolicyID(notes["id"])
	line := p.Position().Line
	if id == "" || notes["reason"] == "" {
		return fmt.Errorf("line %d: a policy needs @id and @reason", line)
	}
	if _, twice := r.notes[id]; twice {
		return fmt.Errorf("line %d: policy %q is there twice", line, id)
	}
	if err := r.validate.Policy(string(id), (*ast.Policy)(p.AST())); err != nil {
		return fmt.Errorf("line %d: policy %q: %w", line, id, err)
	}
	n := note{reason: policy.Reason(notes["reason"])}
	if !n.reason.Known() {
		return fmt.Errorf("line %d: policy %q: reason %q has no text", line, id, n.reason)
	}
	if p.Effect() == cedar.Permit {
		ttl, err := strconv.Atoi(string(notes["ttl"]))
		if err != nil || ttl <= 0 {
			return fmt.Errorf("line %d: permit %q needs @ttl in seconds", line, id)
		}
		n.ttl = ttl
		for _, duty := range strings.Fields(string(notes["oblige"])) {
			if !policy.ObligationID(duty).Known() {
				return fmt.Errorf("line %d: permit %q: obligation %q is not known", line, id, duty)
			}
			n.oblige = append(n.oblige, policy.ObligationID(duty))
		}
	}
	r.notes[id] = n
	r.set.Add(id, p)
	r.ordered = append(r.ordered, named{id, p})
	return nil
}

// Hash returns "sha256:…" over the schema and the policy files.
func (r *Rules) Hash() string { return r.hash }

// Len returns the number of policies.
func (r *Rules) Len() int { return len(r.notes) }

// verdict is what the rules say about a set of facts.
type verdict struct {
	allow   bool
	reasons []policy.Reason // in reasonOrder
	oblige  []policy.ObligationID
	ttl     int
}

// judge returns the verdict on the facts. Cedar is a pure function of them,
// so each distinct set is evaluated once and remembered.
func (r *Rules) judge(f facts) *verdict {
	if v := r.memo.get(f); v != nil {
		return v
	}
	v := r.evaluate(f.entities(), f.context())
	r.memo.put(f, v)
	return v
}

// evaluate asks Cedar. Whatever goes wrong (a request the schema does not
// know, a policy that errs) is a denial: Cedar itself would skip a forbid
// whose condition errs.
func (r *Rules) evaluate(q question, context types.Record) *verdict {
	part, known := r.byShape[shape{q.principal.UID.Type, q.resource.UID.Type, q.action}]
	if !known || !r.whole(&q, context) {
		return &verdict{reasons: []policy.Reason{policy.ReasonNotApplicable}}
	}
	request := cedar.Request{Principal: q.principal.UID, Action: q.action, Resource: q.resource.UID, Context: context}
	decision, diagnostic := cedar.Authorize(part, lookup{q, r.actions}, request)
	if len(diagnostic.Errors) > 0 {
		return &verdict{reasons: []policy.Reason{policy.ReasonError}}
	}
	if decision != cedar.Allow {
		return r.denial(diagnostic.Reasons)
	}
	return r.permission(diagnostic.Reasons)
}

func (r *Rules) denial(why []types.DiagnosticReason) *verdict {
	v := &verdict{}
	for _, p := range why {
		v.reasons = append(v.reasons, r.notes[p.PolicyID].reason)
	}
	if len(v.reasons) == 0 {
		v.reasons = []policy.Reason{policy.ReasonNoRule}
	}
	v.reasons = policy.SortReasons(v.reasons)
	return v
}

// permission joins the permits that apply: every obligation of each, the
// shortest time to live.
func (r *Rules) permission(why []types.DiagnosticReason) *verdict {
	v := &verdict{allow: true}
	for _, p := range why {
		n := r.notes[p.PolicyID]
		v.reasons = append(v.reasons, n.reason)
		v.oblige = append(v.oblige, n.oblige...)
		if v.ttl == 0 || n.ttl < v.ttl {
			v.ttl = n.ttl
		}
	}
	v.reasons = policy.SortReasons(v.reasons)
	v.oblige = policy.SortObligations(v.oblige)
	return v
}

// question is a request in Cedar's terms.
type question struct {
	principal, resource types.Entity
	action              types.EntityUID
}

// lookup finds the three entities a request is about and the action groups.
type lookup struct {
	question
	actions types.EntityMap
}

// Get implements types.EntityGetter.
func (l lookup) Get(uid types.EntityUID) (types.Entity, bool) {
	switch uid {
	case l.principal.UID:
		return l.principal, true
	case l.resource.UID:
		return l.resource, true
	}
	e, ok := l.actions[uid]
	return e, ok
}

// memo remembers verdicts. It is bounded: when full it starts again.
type memo struct {
	mu sync.RWMutex
	of map[facts]*verdict
}

const maxMemo = 1 << 14

func (m *memo) get(f facts) *verdict {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.of[f]
}

func (m *memo) put(f facts, v *verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || len(m.of) >= maxMemo {
		m.of = make(map[facts]*verdict, 256)
	}
	m.of[f] = v
}
