package gate

import (
	"github.com/cedar-policy/cedar-go/types"

	"shouwang"
	"shouwang/policy"
)

// fact is one thing that is so or not. Every fact is worded so that true
// helps the request; the names are those of rules/schema.cedarschema.
type fact uint

const (
	factPurposeListed fact = iota
	factInJurisdiction
	factImpartial
	factConsentValid
	factInSlot
	factAudience
	factInArea
	factMode
	factIncidentNear
	factIncidentOpens
	factCaseMember
	factSecondIndependent
	factFactorFresh
	factOrderCovers
	factSubjectCovers
	factLengthOK
	factLookbackOK
	factLooksOK
	factTimeOK
	factFiled
	factLawfulMount
	factInternal
	factManages
	factHoldOfCase
	factViewApproved
	// What follows are attributes of the principal and the resource.
	factOnDuty
	factAttended
	factSign
	factSound
	factGuardian
	countFacts
	contextFacts = factOnDuty // how many are attributes of the context
)

var factNames = [contextFacts]types.String{
	"purpose_listed", "in_jurisdiction", "impartial", "consent_valid", "in_slot", "audience", "in_area", "mode",
	"incident_near", "incident_opens", "case_member", "second_independent", "factor_fresh", "order_covers",
	"subject_covers", "length_ok", "lookback_ok", "looks_ok", "time_ok", "filed", "lawful_mount", "internal",
	"manages", "hold_of_case", "view_approved",
}

// basis is what a request rests on. It picks the rules that apply; it does
// not say that they are met.
type basis string

const (
	basisConsent basis = "consent"
	basisFiling  basis = "filing"
	basisOrder   basis = "order"
	basisSubject basis = "subject"
	basisOwn     basis = "own"
)

// facts is all that the rules see of a request. It is comparable, so that a
// verdict can be remembered for it.
type facts struct {
	bits    uint64
	roles   uint8
	footage bool
	who     policy.PrincipalType
	action  policy.Action
	basis   basis
	class   shouwang.LegalClass
	key     policy.KeyState
}

func (f *facts) set(k fact, is bool) {
	if is {
		f.bits |= 1 << k
	} else {
		f.bits &^= 1 << k
	}
}

func (f *facts) is(k fact) bool { return f.bits>>k&1 == 1 }

var roleBits = [...]policy.Role{policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleGridWorker, policy.RoleSupervisor, policy.RoleApprover, policy.RoleContractor, policy.RoleOversight}

func rolesOf(p *policy.Principal) (bits uint8) {
	for i, r := range roleBits {
		if p.Has(r) {
			bits |= 1 << i
		}
	}
	return bits
}

var entityTypes = map[policy.PrincipalType]types.EntityType{
	policy.TypeOfficer: "Officer", policy.TypeKiosk: "Kiosk", policy.TypeResident: "Resident",
	policy.TypeService: "Service", policy.TypeAdministrator: "Administrator",
}

// entities returns the principal, the action and the resource as Cedar sees
// them. Their ids say nothing: rules are about facts, not about names.
func (f *facts) entities() question {
	who := types.RecordMap{}
	switch f.who {
	case policy.TypeOfficer:
		var roles []types.Value
		for i, r := range roleBits {
			if f.roles>>i&1 == 1 {
				roles = append(roles, types.String(r))
			}
		}
		who["roles"], who["on_duty"] = types.NewSet(roles...), types.Boolean(f.is(factOnDuty))
	case policy.TypeResident:
		who["guardian"] = types.Boolean(f.is(factGuardian))
	case policy.TypeKiosk:
		who["attended"] = types.Boolean(f.is(factAttended))
	}
	what := types.RecordMap{
		"legal_class": types.String(f.class),
		"sign":        types.Boolean(f.is(factSign)),
		"sound":       types.Boolean(f.is(factSound)),
	}
	kind := types.EntityType("Camera")
	if f.footage {
		kind, what["key_state"] = "Footage", types.String(f.key)
	}
	return question{
		principal: types.Entity{UID: types.NewEntityUID(entityTypes[f.who], "asking"), Attributes: types.NewRecord(who)},
		resource:  types.Entity{UID: types.NewEntityUID(kind, "asked"), Attributes: types.NewRecord(what)},
		action:    types.NewEntityUID("Action", types.String(f.action)),
	}
}

// context returns the facts about the request.
func (f *facts) context() types.Record {
	m := make(types.RecordMap, contextFacts+1)
	for i, name := range factNames {
		m[name] = types.Boolean(f.is(fact(i)))
	}
	m["basis"] = types.String(f.basis)
	return types.NewRecord(m)
}
