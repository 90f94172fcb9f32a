package policy

import (
	"encoding/json"
	"fmt"
	"strconv"

	"shouwang"
)

func itoa(n int) string { return strconv.Itoa(n) }

// WorldData is a World as it is written down: what `shouwang decide --world`
// reads. Its slices belong to whoever made it; NewWorld copies what it needs.
type WorldData struct {
	Timezone string `json:"timezone"` // IANA name; slots are judged in it
	// Purposes is the deployment's signed purpose list.
	Purposes  []string         `json:"purposes"`
	Places    []shouwang.Place `json:"places"`
	Audiences []string         `json:"audiences"`
	// ViewGate is "required" where a consent opens nothing before two people
	// have approved the camera's view, "recorded" or empty where approvals are
	// noted only.
	ViewGate   string       `json:"view_gate,omitempty"`
	Units      []Unit       `json:"units,omitempty"`
	Principals []*Principal `json:"principals"`
	Cameras    []*Camera    `json:"cameras"`
	Cases      []*Case      `json:"cases"`
	Incidents  []*Incident  `json:"incidents"`
	Orders     []*Order     `json:"orders"`
	// SubjectRequests are requests of filmed persons.
	SubjectRequests []*SubjectRequest `json:"subject_requests"`
	Footage         []*Footage        `json:"footage"`
	Holds           []*Hold           `json:"holds,omitempty"`
}

// Position is a point on the earth, written as [lat, lon] in degrees.
type Position shouwang.Position

// MarshalJSON writes [lat, lon].
func (p Position) MarshalJSON() ([]byte, error) { return json.Marshal([2]float64{p.Lat, p.Lon}) }

// UnmarshalJSON reads [lat, lon].
func (p *Position) UnmarshalJSON(raw []byte) error {
	var pair []float64
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("position: write [latitude, longitude] in degrees")
	}
	p.Lat, p.Lon = pair[0], pair[1]
	return nil
}

// Unit is an organisation that owns cameras or employs officers.
type Unit struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	NameEn string `json:"name_en,omitempty"`
	Kind   string `json:"kind,omitempty"` // department, enterprise, committee, cell
	// Contact is how people reach it: a telephone number or an address.
	Contact string `json:"contact,omitempty"`
	// Guardian and Households make a neighbour cell: five to eight households
	// and the resident among them who answers for it. A cell is an audience.
	Guardian   string             `json:"guardian,omitempty"`
	Households []shouwang.PlaceID `json:"households,omitempty"`
}
