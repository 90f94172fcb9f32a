package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/wall"
)

func (p *person) sends(path string, body, into any) {
	p.town.t.Helper()
	status, raw := p.do("POST", path, body)
	if status >= 300 {
		p.town.t.Fatalf("POST %s: %d %s", path, status, raw)
	}
	if err := json.Unmarshal([]byte(raw), into); err != nil {
		p.town.t.Fatalf("POST %s: %v: %s", path, err, raw)
	}
}

func press(t *testing.T, tn *town, button, token, body string) (status int) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, tn.http.URL+"/api/hooks/sos/"+button, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode
}

type calls struct {
	Calls []wall.CallView `json:"calls"`
}

func TestACallIsHeardAnsweredAndOpensAnIncidentWhereItCameFrom(t *testing.T) {
	tn := newTown(t)
	if got := press(t, tn, "bedside", "t-bedside", ""); got != http.StatusAccepted {
		t.Fatalf("an empty press: %d", got)
	}
	chen := tn.signIn("officer:chen")
	list := get[calls](chen, "/api/wall/calls")
	if len(list.Calls) != 1 || list.Calls[0].Household != "李家" || list.Calls[0].Phone == "" || list.Calls[0].State != shouwang.CallOpen {
		t.Fatalf("%+v", list)
	}
	id := list.Calls[0].ID
	if kiosk := get[calls](tn.signIn("kiosk:wall"), "/api/wall/calls"); len(kiosk.Calls) != 1 || kiosk.Calls[0].Phone != "" {
		t.Errorf("a wall that anybody may stand before: %+v", kiosk)
	}
	if far := get[calls](tn.signIn("officer:far"), "/api/wall/calls"); len(far.Calls) != 0 {
		t.Errorf("another township: %+v", far)
	}
	var call wall.CallView
	chen.sends("/api/wall/calls/"+id+"/answer", nil, &call)
	if call.Answerer == nil || call.Answerer.ID != "officer:chen" {
		t.Errorf("%+v", call)
	}
	var incident wall.IncidentView
	chen.sends("/api/incidents", map[string]any{"type": "sos", "minutes": 30, "cause": "call", "ref": id}, &incident)
	if incident.Position != bedside.Position {
		t.Errorf("the incident is at %v", incident.Position)
	}
	report := get[wall.IncidentReport](chen, "/api/incidents/"+incident.ID)
	if report.Cause != shouwang.CauseCall || report.Ref != id || report.OpenedBy == nil || len(report.Nearby) == 0 {
		t.Errorf("%+v", report)
	}
	chen.sends("/api/wall/calls/"+id+"/close", map[string]any{"outcome": "helped"}, &call)
	if call.Incident != incident.ID || call.Outcome != "helped" {
		t.Errorf("%+v", call)
	}
}

func TestWhoMayNotHearCallsDoesNot(t *testing.T) {
	tn := newTown(t)
	for _, c := range []struct{ button, token string }{{"bedside", ""}, {"bedside", "t-far"}, {"nobody", "t-bedside"}} {
		if got := press(t, tn, c.button, c.token, ""); got != http.StatusUnauthorized {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := press(t, tn, "bedside", "t-bedside", `{"id":`); got != http.StatusUnprocessableEntity {
		t.Errorf("half a message: %d", got)
	}
	if got := press(t, tn, "bedside", "t-bedside", strings.Repeat("x", shouwang.MaxSignal+1)); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a huge message: %d", got)
	}
	if len(tn.papers.heard) != 0 {
		t.Errorf("heard %v", tn.papers.heard)
	}
	tn.papers.broken = errBroken
	if got := press(t, tn, "bedside", "t-bedside", ""); got < 500 {
		t.Errorf("what is not kept is not acknowledged: %d", got)
	}
	tn.papers.broken = nil
	press(t, tn, "far", "t-far", "")
	for _, who := range []string{"resident:li", "admin:ops"} {
		tn.signIn(who).problem(http.StatusForbidden, "GET", "/api/wall/calls", nil)
		tn.signIn(who).problem(http.StatusForbidden, "GET", "/api/wall/buttons", nil)
	}
	chen := tn.signIn("officer:chen")
	chen.problem(http.StatusNotFound, "POST", "/api/wall/calls/sos-far/answer", nil)
	chen.problem(http.StatusNotFound, "POST", "/api/incidents", map[string]any{"type": "sos", "minutes": 30, "cause": "call", "ref": "sos-far"})
}

func TestButtonsTellOfTheirHealth(t *testing.T) {
	tn := newTown(t)
	type health struct {
		Buttons []wall.ButtonView `json:"buttons"`
	}
	chen := tn.signIn("officer:chen")
	if h := get[health](chen, "/api/wall/buttons"); len(h.Buttons) != 1 || !h.Buttons[0].Low || h.Buttons[0].Late {
		t.Errorf("%+v", h)
	}
	tn.clock.advance(3 * time.Minute)
	if h := get[health](chen, "/api/wall/buttons"); !h.Buttons[0].Late {
		t.Errorf("silent for three heartbeats: %+v", h)
	}
}

func TestTheRecordOfAnIncidentSaysWhyEachCameraIsOrIsNotShownAndWhoLooked(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	var incident wall.IncidentView
	chen.sends("/api/incidents", map[string]any{"type": "flood", "camera": "door", "minutes": 30}, &incident)
	if incident.RadiusM != 0 {
		t.Errorf("nobody agreed to floods, and the map draws %v m", incident.RadiusM)
	}
	byCamera := func(r wall.IncidentReport) map[shouwang.CameraID]wall.NearbyCamera {
		out := map[shouwang.CameraID]wall.NearbyCamera{}
		for _, n := range r.Nearby {
			out[n.Camera] = n
		}
		return out
	}
	near := byCamera(get[wall.IncidentReport](chen, "/api/incidents/"+incident.ID))
	if d := near["door"]; d.Shown || len(d.Reasons) == 0 || d.Text == "" {
		t.Errorf("its owner did not agree to floods: %+v", d)
	}
	if g := near["gate"]; !g.Shown {
		t.Errorf("the department's: %+v", g)
	}
	if _, told := near["far"]; told {
		t.Error("a camera of another township is named")
	}
	chen.sends("/api/incidents", map[string]any{"type": "sos", "camera": "door", "minutes": 30}, &incident)
	if incident.RadiusM <= 0 {
		t.Error("the map is not told how far around an owner agreed")
	}
	viewer, _ := chen.watchLive("door", "incident="+incident.ID)
	if err := viewer.WaitPictures(3, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	chen.sends("/api/incidents/"+incident.ID+"/close", nil, &incident)
	report := get[wall.IncidentReport](chen, "/api/incidents/"+incident.ID)
	if report.Open || report.ClosedBy == nil || !byCamera(report)["door"].Shown {
		t.Errorf("%+v", report)
	}
	if len(report.Looks) != 1 || report.Looks[0].Camera != "door" || report.Looks[0].By.ID != "officer:chen" {
		t.Errorf("looks: %+v", report.Looks)
	}
}

func TestNoIncidentOpensWithoutItsRecord(t *testing.T) {
	tn := newTown(t)
	tn.papers.broken = errBroken
	chen := tn.signIn("officer:chen")
	if status, raw := chen.do("POST", "/api/incidents", map[string]any{"type": "sos", "camera": "door", "minutes": 30}); status < 500 {
		t.Errorf("%d %s", status, raw)
	}
	if v := get[cameras.CameraView](chen, "/api/cameras/door"); v.Live.Decision != "deny" {
		t.Errorf("%+v", v.Live)
	}
}

func TestAnEventIsAssignedToWhoWorksThere(t *testing.T) {
	tn := newTown(t, withGridWorkers)
	tn.store.events = []StoredEvent{{Event: shouwang.Event{ID: "e-1", Camera: "gate", Kind: shouwang.KindPerson}}, {Event: shouwang.Event{ID: "e-far", Camera: "far"}}}
	chen := tn.signIn("officer:chen")
	people := get[struct {
		People []wall.Assignee `json:"people"`
	}](chen, "/api/wall/people")
	var ids []string
	for _, p := range people.People {
		ids = append(ids, p.ID)
	}
	if !slices.Contains(ids, "officer:near") || slices.Contains(ids, "officer:away") {
		t.Fatalf("%+v", people)
	}
	there := get[struct {
		People []wall.Assignee `json:"people"`
	}](chen, "/api/wall/people?camera=gate")
	if len(there.People) != 2 {
		t.Errorf("who works at the gate: %+v", there)
	}
	var mark wall.MarkView
	chen.sends("/api/events/e-1/mark", map[string]any{"assign_to": "officer:near"}, &mark)
	chen.sends("/api/events/e-1/mark", map[string]any{"case": "case-1"}, &mark)
	if mark.AssignedTo != "officer:near" || mark.Case != "case-1" {
		t.Errorf("%+v", mark)
	}
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/events/e-1/mark", map[string]any{"assign_to": "officer:away"})
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/events/e-1/mark", map[string]any{"case": "case-of-others"})
	chen.problem(http.StatusNotFound, "POST", "/api/events/e-far/mark", map[string]any{"note": "x"})
	type marks struct {
		Marks []wall.MarkView `json:"marks"`
	}
	if m := get[marks](chen, "/api/wall/marks"); len(m.Marks) != 1 || m.Marks[0].Assignee == nil {
		t.Errorf("%+v", m)
	}
	if m := get[marks](tn.signIn("officer:far"), "/api/wall/marks"); len(m.Marks) != 0 {
		t.Errorf("another township reads %+v", m)
	}
}

func withGridWorkers(_ *Config, d *Deps) {
	world := d.World
	d.World = func() *policy.World {
		w := world()
		for id, where := range map[string]shouwang.PlaceID{"officer:near": "grid-3", "officer:away": "baishui"} {
			w, _ = w.WithPrincipal(&policy.Principal{ID: id, Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleGridWorker}, Jurisdiction: where, HomeGrid: "-", OnDuty: true})
		}
		return w
	}
}

func TestAWallIsSavedSharedAndKeptFromStrangers(t *testing.T) {
	tn := newTown(t)
	chen, kiosk := tn.signIn("officer:chen"), tn.signIn("kiosk:wall")
	body := map[string]any{"shared": false, "wall": map[string]any{
		"name": "左屏", "tiles": []string{"gate", "door"}, "only": true, "per_page": 9, "rotate_s": 20, "dwell_s": 12, "lift": 2,
		"priority": []string{"person"}, "show": "tiles", "feed": true, "theme": "night", "sound": true,
	}}
	put := func(who *person, id string) int {
		status, _ := who.do("PUT", "/api/wall/layouts/"+id, body)
		return status
	}
	type layouts struct {
		Layouts []wall.LayoutView `json:"layouts"`
	}
	if got := put(chen, "left"); got != http.StatusOK {
		t.Fatal(got)
	}
	if l := get[layouts](kiosk, "/api/wall/layouts"); len(l.Layouts) != 0 {
		t.Errorf("a private wall on a kiosk: %+v", l)
	}
	body["shared"] = true
	if got := put(chen, "left"); got != http.StatusOK {
		t.Fatal(got)
	}
	if l := get[layouts](kiosk, "/api/wall/layouts"); len(l.Layouts) != 1 || l.Layouts[0].Wall.Tiles[0] != "gate" {
		t.Errorf("a shared wall on a kiosk of the site: %+v", l)
	}
	if got := put(kiosk, "left"); got != http.StatusForbidden {
		t.Errorf("a kiosk saves: %d", got)
	}
	if got := put(chen, "..%2Fx"); got != http.StatusUnprocessableEntity && got != http.StatusNotFound {
		t.Errorf("a name that is no address: %d", got)
	}
	if status, _ := chen.do("DELETE", "/api/wall/layouts/left", nil); status != http.StatusNoContent {
		t.Error(status)
	}
	if l := get[layouts](chen, "/api/wall/layouts"); len(l.Layouts) != 0 {
		t.Errorf("%+v", l)
	}
}
