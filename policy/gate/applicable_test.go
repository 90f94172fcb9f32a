package gate

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cedar-policy/cedar-go"

	"shouwang/policy"
)

// TestLeavingOutPoliciesChangesNoAnswer puts random facts to the whole set and
// to the part of it that is evaluated.
func TestLeavingOutPoliciesChangesNoAnswer(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	kinds := []policy.PrincipalType{policy.TypeOfficer, policy.TypeKiosk, policy.TypeResident, policy.TypeService, policy.TypeAdministrator}
	allowed := 0
	for range 400 {
		f := facts{
			who: kinds[rng.IntN(len(kinds))], roles: uint8(rng.IntN(128)), basis: []basis{basisConsent, basisFiling, basisOrder, basisSubject, basisOwn}[rng.IntN(5)],
			key: []policy.KeyState{policy.KeyLive, policy.KeyFrozen, policy.KeyHeld, policy.KeyShredded}[rng.IntN(4)], footage: rng.IntN(2) == 0,
		}
		for action := range actions {
			f.action = action
			for k := range countFacts {
				f.set(k, rng.IntN(8) != 0)
			}
			q, context := f.entities(), f.context()
			got := rules.evaluate(q, context)
			request := cedar.Request{Principal: q.principal.UID, Action: q.action, Resource: q.resource.UID, Context: context}
			if rules.validate.Request(request) != nil {
				if got.allow || got.reasons[0] != policy.ReasonNotApplicable {
					t.Fatalf("%+v: a request that the schema does not know", f)
				}
				continue
			}
			decision, diagnostic := cedar.Authorize(rules.set, lookup{q, rules.actions}, request)
			want := rules.denial(diagnostic.Reasons)
			if decision == cedar.Allow {
				want, allowed = rules.permission(diagnostic.Reasons), allowed+1
			}
			if got.allow != want.allow || !slices.Equal(got.reasons, want.reasons) || !slices.Equal(got.oblige, want.oblige) {
				t.Fatalf("%+v: part %+v, whole %+v", f, got, want)
			}
		}
	}
	if allowed < 20 {
		t.Errorf("only %d allowed: the facts are too random", allowed)
	}
}

// TestAttributesAreCountedAsTheSchemaSays compares the counts with entities as
// facts make them, which the schema's validator accepts.
func TestAttributesAreCountedAsTheSchemaSays(t *testing.T) {
	rules, err := DefaultRules()
	if err != nil {
		t.Fatal(err)
	}
	if len(rules.byShape) < 60 {
		t.Errorf("only %d shapes are known", len(rules.byShape))
	}
	for s := range rules.byShape {
		f := facts{action: policy.Action(s.action.ID), footage: s.what == "Footage"}
		for kind, name := range entityTypes {
			if name == s.who {
				f.who = kind
			}
		}
		if q := f.entities(); !rules.whole(&q, f.context()) {
			t.Errorf("%v: counted as incomplete", s)
		}
	}
}
