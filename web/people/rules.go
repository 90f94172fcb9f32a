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
