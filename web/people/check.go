package people

import (
	"context"
	"slices"
	"strings"

	"shouwang"
	"shouwang/policy"
)

var roles = []policy.Role{
	policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleGridWorker, policy.RoleSupervisor, policy.RoleApprover, policy.RoleContractor, policy.RoleOversight,
}

// prefixes is what an id of each type begins with.
var prefixes = map[policy.PrincipalType]string{
	policy.TypeOfficer: "officer:", policy.TypeResident: "resident:", policy.TypeKiosk: "kiosk:", policy.TypeAdministrator: "admin:",
}

// shortReason is the fewest characters that say why, longLogin the most bytes of
// a sign-in name.
const (
	shortReason = 2
	longLogin   = 64
)

// wrong gathers what is wrong with a form, field by field.
type wrong []*shouwang.Error

func (w *wrong) add(code shouwang.Code, field, why, format string, args ...any) {
	*w = append(*w, shouwang.Errorf(code, field+": "+format, args...).At(field, why))
}

// bad adds a fault of the usual code.
func (w *wrong) bad(field, why, format string, args ...any) {
	w.add(shouwang.CodeBadUsage, field, why, format, args...)
}

// Check is what is wrong with a person, as one error with a fault for each field;
// nil when nothing is.
func Check(w *policy.World, p *policy.Principal) error { return shouwang.Faulty(check(w, p)) }

// check gathers what is wrong with a person as proposed.
func check(w *policy.World, p *policy.Principal) (faults wrong) {
	prefix, known := prefixes[p.Type]
	if !known {
		faults.bad("type", "unknown", "%q: choose officer, resident, kiosk or administrator", p.Type)
		return faults
	}
	if name, ok := strings.CutPrefix(p.ID, prefix); ok && name == "" {
		faults.bad("id", "missing", "write a short name after %s", prefix)
	} else if !ok || !shouwang.CameraID(name).Valid() {
		faults.bad("id", "malformed", "%q: write %s and a short name of lower-case letters, digits, dots and hyphens", p.ID, prefix)
	}
	if p.Name == "" {
		faults.bad("name", "missing", "write the name that others read")
	}
	faults.roles(p)
	faults.places(w, p)
	faults.ties(w, p)
	if _, err := w.WithPrincipal(p); err != nil && len(faults) == 0 {
		faults.bad("id", "malformed", "%w", err)
	}
	return faults
}

func (f *wrong) roles(p *policy.Principal) {
	if p.Type != policy.TypeOfficer && len(p.Roles) > 0 {
		f.bad("roles", "not_for_kind", "only officers have roles")
		return
	}
	for _, role := range p.Roles {
		if !slices.Contains(roles, role) {
			f.bad("roles", "unknown", "there is no role %q", role)
			return
		}
	}
}

func (f *wrong) places(w *policy.World, p *policy.Principal) {
	for _, at := range []struct {
		field string
		id    shouwang.PlaceID
	}{{"jurisdiction", p.Jurisdiction}, {"home", p.Home}, {"home_grid", p.HomeGrid}} {
		outside := at.field == "home_grid" && at.id == "-"
		if _, known := w.Places()[at.id]; at.id != "" && !known && !outside {
			f.bad(at.field, "unknown", "there is no place %q", at.id)
		}
	}
}

// ties are the unit, the superior and the audiences.
func (f *wrong) ties(w *policy.World, p *policy.Principal) {
	if _, known := w.Unit(p.Unit); p.Unit != "" && !known {
		f.bad("unit", "unknown", "there is no unit %q", p.Unit)
	}
	if s, known := w.Principal(p.Superior); p.Superior != "" && (!known || s.Type != policy.TypeOfficer || s.ID == p.ID) {
		f.bad("superior", "unknown", "%q is no other officer", p.Superior)
	}
	for _, a := range p.Audiences {
		if !slices.Contains(w.Audiences(), a) {
			f.bad("audiences", "unknown", "there is no audience %q", a)
			return
		}
	}
}

// useful adds what a new person needs to be of any use: an officer has a role, or
// answers for a unit's cameras.
func (f *wrong) useful(p *policy.Principal) {
	if p.Type == policy.TypeOfficer && len(p.Roles) == 0 && p.Unit == "" {
		f.bad("roles", "missing", "choose a role, or the unit whose cameras the officer answers for")
	}
}

// reason adds that nobody would know why.
func (f *wrong) reason(why string) {
	if len([]rune(strings.TrimSpace(why))) < shortReason {
		f.bad("reason", "missing", "say why, for the person who signs")
	}
}

// freeLogin adds that a sign-in name cannot be one or is somebody's, before
// anybody is bothered. Names that wait for a signature count as taken.
func (r *Room) freeLogin(ctx context.Context, f *wrong, login, whose string) error {
	if login == "" {
		return nil
	}
	if login != strings.ToLower(strings.TrimSpace(login)) || len(login) > longLogin || strings.ContainsFunc(login, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }) {
		f.bad("login", "malformed", "%q: no capitals, no blanks at its ends, at most %d bytes", login, longLogin)
		return nil
	}
	owner, err := r.ownerOf(ctx, login)
	if err != nil {
		return err
	}
	waiting, err := r.Register.Proposals(ctx)
	for i := range waiting {
		if p := &waiting[i]; owner == "" && p.Login == login && r.stateOf(p) == Asked {
			owner = p.Person.ID
		}
	}
	if owner != "" && owner != whose {
		f.add(shouwang.CodeLoginTaken, "login", "taken", "sign-in name %q is in use; choose another", login)
	}
	return err
}
