package policy

import "shouwang"

// PrincipalType says what kind of principal asks.
type PrincipalType string

// The types of principal.
const (
	TypeOfficer       PrincipalType = "officer"
	TypeKiosk         PrincipalType = "kiosk"
	TypeResident      PrincipalType = "resident"
	TypeService       PrincipalType = "service"
	TypeAdministrator PrincipalType = "administrator"
)

// Role is what an officer does.
type Role string

// The roles of officers.
const (
	RoleDispatcher   Role = "dispatcher"
	RoleInvestigator Role = "investigator"
	RoleGridWorker   Role = "grid_worker"
	RoleSupervisor   Role = "supervisor"
	RoleApprover     Role = "approver"
	RoleContractor   Role = "contractor"
	RoleOversight    Role = "oversight"
)

// elsewhere is the home grid of an officer who lives in none of ours.
const elsewhere shouwang.PlaceID = "-"

// Principal is a person, a wall or a service that may ask for something.
type Principal struct {
	ID           string           `json:"id"` // "officer:chen"
	Type         PrincipalType    `json:"type"`
	Name         string           `json:"name,omitempty"`
	NameEn       string           `json:"name_en,omitempty"`
	Unit         string           `json:"unit,omitempty"`
	Roles        []Role           `json:"roles,omitempty"`
	Audiences    []string         `json:"audiences,omitempty"`
	Jurisdiction shouwang.PlaceID `json:"jurisdiction,omitempty"`
	HomeGrid     shouwang.PlaceID `json:"home_grid,omitempty"`
	OnDuty       bool             `json:"on_duty,omitempty"`
	Superior     string           `json:"superior,omitempty"`
	Site         string           `json:"site,omitempty"`     // of a kiosk
	Attended     bool             `json:"attended,omitempty"` // kiosk: somebody sits before it
	Home         shouwang.PlaceID `json:"home,omitempty"`     // of a resident
}

// Has reports whether the principal has the role.
func (p *Principal) Has(r Role) bool {
	for _, have := range p.Roles {
		if have == r {
			return true
		}
	}
	return false
}
