package catalog

import "strings"

// filter gathers what rows must be. Only what is asked stands in the query: an
// index is of no use to "camera = ? OR ? is empty", and whoever asks for one
// camera's events would read those of all.
type filter struct {
	conditions []string
	args       []any
}

// is adds a condition with one argument where it is wanted.
func (f *filter) is(wanted bool, condition string, arg any) {
	if wanted {
		f.conditions, f.args = append(f.conditions, condition), append(f.args, arg)
	}
}

// where returns the clause, "" for none.
func (f *filter) where() string {
	if len(f.conditions) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(f.conditions, " AND ")
}
