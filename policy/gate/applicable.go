package gate

import (
	"iter"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"shouwang/policy"
)

// shape is what a policy's scope can tell apart in a request: the action and
// the types of who asks and what is asked for.
type shape struct {
	who, what types.EntityType
	action    types.EntityUID
}

// policies is a part of a policy set, in the set's order.
type policies []named

type named struct {
	id types.PolicyID
	p  *cedar.Policy
}

// All implements cedar.PolicyIterator.
func (ps policies) All() iter.Seq2[types.PolicyID, *cedar.Policy] {
	return func(yield func(types.PolicyID, *cedar.Policy) bool) {
		for _, n := range ps {
			if !yield(n.id, n.p) {
				return
			}
		}
	}
}

// applicable picks the policies whose scope can match each shape. Cedar
// evaluates every policy it is handed; one whose scope does not match neither
// permits, nor forbids, nor errs, so leaving it out changes no answer.
// A shape that the schema does not know has no entry.
func (r *Rules) applicable() {
	r.byShape = map[shape]policies{}
	for _, who := range entityTypes {
		for _, what := range []types.EntityType{"Camera", "Footage"} {
			for action := range r.actions {
				s := shape{who, what, action}
				if !r.known(s) {
					continue
				}
				var out policies
				for _, n := range r.ordered {
					if r.scopeMatches((*ast.Policy)(n.p.AST()), s) {
						out = append(out, n)
					}
				}
				r.byShape[s] = out
			}
		}
	}
}

// known asks the schema's validator about a whole request of the shape.
func (r *Rules) known(s shape) bool {
	var f facts
	f.action, f.footage, f.basis = policy.Action(s.action.ID), s.what == "Footage", basisConsent
	for kind, name := range entityTypes {
		if name == s.who {
			f.who = kind
		}
	}
	q, context := f.entities(), f.context()
	request := cedar.Request{Principal: q.principal.UID, Action: q.action, Resource: q.resource.UID, Context: context}
	return r.validate.Request(request) == nil && r.validate.Entity(q.principal) == nil && r.validate.Entity(q.resource) == nil
}

// whole reports whether no attribute is missing: entities and context are made
// by facts with the types of the schema, so that counting them is enough.
func (r *Rules) whole(q *question, context types.Record) bool {
	return q.principal.Attributes.Len() == attributesOf[q.principal.UID.Type] &&
		q.resource.Attributes.Len() == attributesOf[q.resource.UID.Type] && context.Len() == int(contextFacts)+1
}

// attributesOf is how many attributes an entity of each type has in
// rules/schema.cedarschema; a test compares the two.
var attributesOf = map[types.EntityType]int{
	"Officer": 2, "Kiosk": 1, "Resident": 1, "Service": 0, "Administrator": 0, "Camera": 3, "Footage": 4,
}

func (r *Rules) scopeMatches(p *ast.Policy, s shape) bool {
	return typeMatches(p.Principal, s.who) && typeMatches(p.Resource, s.what) && r.actionMatches(p.Action, s.action)
}

// typeMatches errs on the side of keeping a policy.
func typeMatches(scope any, t types.EntityType) bool {
	switch n := scope.(type) {
	case ast.ScopeTypeIs:
		return n.Type == t
	case ast.ScopeTypeIsIn:
		return n.Type == t
	}
	return true
}

func (r *Rules) actionMatches(scope any, action types.EntityUID) bool {
	switch n := scope.(type) {
	case ast.ScopeTypeEq:
		return n.Entity == action
	case ast.ScopeTypeIn:
		return r.actionIn(action, n.Entity)
	case ast.ScopeTypeInSet:
		for _, group := range n.Entities {
			if r.actionIn(action, group) {
				return true
			}
		}
		return false
	}
	return true
}

// actionIn says whether the action is, or stands at any depth in, the group.
func (r *Rules) actionIn(action, group types.EntityUID) bool {
	if action == group {
		return true
	}
	for parent := range r.actions[action].Parents.All() {
		if r.actionIn(parent, group) {
			return true
		}
	}
	return false
}
