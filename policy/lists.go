package policy

// Incidents returns all incidents, sorted by id.
func (w *World) Incidents() []*Incident { return sorted(w.incidents) }

// SubjectRequests returns the requests of filmed persons, sorted by id.
func (w *World) SubjectRequests() []*SubjectRequest { return sorted(w.subjects) }

// Cases returns all cases, sorted by id.
func (w *World) Cases() []*Case { return sorted(w.cases) }

// Principals returns everybody and everything that may ask, by id.
func (w *World) Principals() []*Principal { return sorted(w.principals) }

// Units returns all organisations and cells, by id.
func (w *World) Units() []*Unit { return sorted(w.units) }
