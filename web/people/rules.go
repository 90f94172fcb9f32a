package people

import (
	"slices"

	"shouwang"
	"shouwang/policy"
)

// Gives says what a person would have more after a change, as names of fields;
// none means that an administrator alone may do it. Everything that the rules
// look at in favour of somebody counts: where one lives and who one's superior
// is decide whom one may approve.
func Gives(w *policy.World, old *policy.Principal, next *policy.Principal) (more []string) {
	if old == nil {
		return []string{"person"}
	}
	add := func(is bool, what string) {
		if is {
			more = append(more, what)
		}
	}
	add(old.Type != next.Type, "type")
	add(slices.ContainsFunc(next.Roles, func(r policy.Role) bool { return r != policy.RoleContractor && !old.Has(r) }), "roles")
	// A contractor is shut out of nearly everything: to be none is more.
	add(old.Has(policy.RoleContractor) && !next.Has(policy.RoleContractor), "roles")
	// Who is of the oversight and nothing else signs: losing the other role is more, too.
	add(oversees(next) && !oversees(old), "roles")
	add(slices.ContainsFunc(next.Audiences, func(a string) bool { return !slices.Contains(old.Audiences, a) }), "audiences")
	add(next.Unit != "" && next.Unit != old.Unit, "unit")
	add(wider(w, old.Jurisdiction, next.Jurisdiction), "jurisdiction")
	add(old.HomeGrid != next.HomeGrid, "home_grid")
	add(old.Home != next.Home, "home")
	add(old.Superior != next.Superior, "superior")
	add(next.Site != "" && next.Site != old.Site, "site")
	add(next.Attended && !old.Attended, "attended")
	return slices.Compact(more)
}

// wider reports a jurisdiction that is not within the old one.
func wider(w *policy.World, old, next shouwang.PlaceID) bool {
	return next != "" && next != old && (old == "" || !w.Places().Within(next, old))
}

var roles = []policy.Role{
	policy.RoleDispatcher, policy.RoleInvestigator, policy.RoleGridWorker, policy.RoleSupervisor, policy.RoleApprover, policy.RoleContractor, policy.RoleOversight,
}

// check says what is wrong with a person as proposed.
func check(w *policy.World, p *policy.Principal) error {
	bad := func(format string, args ...any) error { return shouwang.Errorf(shouwang.CodeBadUsage, format, args...) }
	kinds := map[policy.PrincipalType]string{
		policy.TypeOfficer: "officer:", policy.TypeResident: "resident:", policy.TypeKiosk: "kiosk:", policy.TypeAdministrator: "admin:",
	}
	prefix := kinds[p.Type]
	name, ok := cut(p.ID, prefix)
	switch {
	case prefix == "":
		return bad("type %q: choose officer, resident, kiosk or administrator", p.Type)
	case !ok || !shouwang.CameraID(name).Valid():
		return bad("id %q: write %s and a short name of lower-case letters, digits, dots and hyphens", p.ID, prefix)
	case p.Type != policy.TypeOfficer && len(p.Roles) > 0:
		return bad("roles: only officers have roles")
	}
	for _, role := range p.Roles {
		if !slices.Contains(roles, role) {
			return bad("roles: there is no role %q", role)
		}
	}
	for _, place := range []struct{ field, id string }{
		{"jurisdiction", string(p.Jurisdiction)}, {"home", string(p.Home)}, {"home_grid", string(p.HomeGrid)},
	} {
		if _, known := w.Places()[shouwang.PlaceID(place.id)]; place.id != "" && !known && (place.field != "home_grid" || place.id != "-") {
			return bad("%s: there is no place %q", place.field, place.id)
		}
	}
	if _, known := w.Unit(p.Unit); p.Unit != "" && !known {
		return bad("unit: there is no unit %q", p.Unit)
	}
	if s, known := w.Principal(p.Superior); p.Superior != "" && (!known || s.Type != policy.TypeOfficer) {
		return bad("superior: %q is no officer", p.Superior)
	}
	for _, a := range p.Audiences {
		if !slices.Contains(w.Audiences(), a) {
			return bad("audiences: there is no audience %q", a)
		}
	}
	_, err := w.WithPrincipal(p)
	return err
}

func cut(id, prefix string) (string, bool) {
	if len(id) <= len(prefix) || id[:len(prefix)] != prefix {
		return "", false
	}
	return id[len(prefix):], true
}
