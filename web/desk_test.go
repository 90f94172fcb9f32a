package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/cameras"
	"shouwang/web/front"
	"shouwang/web/wall"
)

var errBroken = errors.New("the disk is gone")

func TestIncidentOpensNearbyCamerasAndClosesThem(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	chen := tn.signIn("officer:chen")
	if v := get[cameras.CameraView](chen, "/api/cameras/door"); v.Live.Decision != "deny" || v.Live.Text == "" {
		t.Errorf("before: %+v", v.Live)
	}
	status, raw := chen.do("POST", "/api/incidents", map[string]any{"type": "sos", "camera": "door", "text": "求助", "minutes": 30})
	var incident wall.IncidentView
	if status != http.StatusOK || json.Unmarshal([]byte(raw), &incident) != nil || !incident.Open {
		t.Fatalf("open: %d %s", status, raw)
	}
	v := get[cameras.CameraView](chen, "/api/cameras/door")
	if v.Live.Decision != "allow" || v.Live.Incident != incident.ID {
		t.Errorf("during: %+v", v.Live)
	}
	viewer, _ := chen.watchLive("door", "incident="+incident.ID)
	if err := viewer.WaitPictures(3, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if status, raw := chen.do("POST", "/api/incidents/"+incident.ID+"/close", nil); status != http.StatusOK {
		t.Fatal(raw)
	}
	select {
	case <-viewer.Ended():
	case <-time.After(2 * time.Second):
		t.Fatal("the view outlives the incident")
	}
	list := get[struct {
		Incidents []wall.IncidentView `json:"incidents"`
	}](chen, "/api/incidents")
	if len(list.Incidents) != 1 || list.Incidents[0].Open {
		t.Errorf("list: %+v", list)
	}
	for _, who := range []string{"resident:li", "kiosk:wall", "admin:ops"} {
		tn.signIn(who).problem(http.StatusForbidden, "POST", "/api/incidents", map[string]any{"type": "sos", "camera": "door", "minutes": 30})
	}
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/incidents", map[string]any{"type": "sos", "minutes": 30})
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/incidents", map[string]any{"type": "sos", "camera": "door", "minutes": 3000})
}

func TestCasesBelongToTheirMembers(t *testing.T) {
	tn := newTown(t)
	chen := tn.signIn("officer:chen")
	type list struct {
		Cases []CaseView `json:"cases"`
	}
	status, raw := chen.do("POST", "/api/cases", map[string]any{"type": "theft", "title": "自行车"})
	var made CaseView
	if status != http.StatusOK || json.Unmarshal([]byte(raw), &made) != nil || len(made.Members) != 1 || !made.Open {
		t.Fatalf("open: %d %s", status, raw)
	}
	if got := get[list](chen, "/api/cases").Cases; len(got) != 2 || got[0].ID != made.ID {
		t.Errorf("cases: %+v", got)
	}
	far := tn.signIn("officer:far")
	if got := get[list](far, "/api/cases").Cases; len(got) != 0 {
		t.Errorf("others' cases: %+v", got)
	}
	far.problem(http.StatusNotFound, "POST", "/api/cases/"+made.ID+"/close", nil)
	if status, raw := chen.do("POST", "/api/cases/"+made.ID+"/close", nil); status != http.StatusOK {
		t.Fatal(raw)
	}
	if c, _ := tn.gate.World().Case(made.ID); c.Open || c.Closed.IsZero() {
		t.Errorf("closed: %+v", c)
	}
}

func TestEventsVerdictsAndTimeline(t *testing.T) {
	tn := newTown(t)
	tn.store.events = []StoredEvent{
		{Event: shouwang.Event{ID: "e-2", Camera: "far", Start: wednesday.Add(-time.Minute)}},
		{Event: shouwang.Event{ID: "e-clip-1", Camera: "door", Kind: shouwang.KindPerson, Start: wednesday.Add(-time.Hour)}},
	}
	tn.store.clips = []StoredClip{clipOf("clip-1", "door")}
	chen := tn.signIn("officer:chen")
	type list struct {
		Events []EventView `json:"events"`
	}
	if got := get[list](chen, "/api/events").Events; len(got) != 1 || got[0].ID != "e-clip-1" || got[0].Clip != "clip-1" || got[0].CameraName != "Door" {
		t.Errorf("events: %+v", got)
	}
	if status, body := chen.do("POST", "/api/events/e-clip-1/verdict", map[string]string{"verdict": "false_alarm"}); status != http.StatusOK || tn.store.verdicts["e-clip-1"] != "false_alarm" {
		t.Errorf("verdict: %d %s", status, body)
	}
	chen.problem(http.StatusNotFound, "POST", "/api/events/e-2/verdict", map[string]string{"verdict": "seen"})
	chen.problem(http.StatusUnprocessableEntity, "POST", "/api/events/e-clip-1/verdict", map[string]string{"verdict": "guilty"})
	line := get[struct {
		Segments []Recorded  `json:"segments"`
		Events   []EventView `json:"events"`
	}](chen, "/api/cameras/door/timeline")
	if len(line.Segments) != 1 || len(line.Events) != 1 {
		t.Errorf("timeline: %+v", line)
	}
	chen.problem(http.StatusUnprocessableEntity, "GET", "/api/cameras/door/timeline?from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z", nil)
	chen.problem(http.StatusNotFound, "GET", "/api/cameras/far/timeline", nil)
}

func TestCamerasAreKnownByJurisdictionAndOwnership(t *testing.T) {
	tn := newTown(t)
	type list struct {
		Cameras []cameras.CameraView `json:"cameras"`
	}
	for who, want := range map[string]int{"officer:chen": 2, "officer:far": 1, "resident:li": 1, "kiosk:wall": 2, "admin:ops": 3} {
		got := get[list](tn.signIn(who), "/api/cameras").Cameras
		if len(got) != want {
			t.Errorf("%s knows %d cameras, want %d", who, len(got), want)
		}
		for _, v := range got {
			if who == "admin:ops" && v.Live.Decision != "deny" {
				t.Errorf("an administrator may see %s", v.ID)
			}
			if who != "resident:li" && v.OwnerName == "李" {
				t.Errorf("%s reads the name of a resident", who)
			}
		}
	}
	if _, total := tn.hubs.counts(); total != 0 || len(tn.audit.kinds()) != 0 {
		t.Error("asking what would be allowed counted as looking")
	}
}

func TestSystemPageIsForAdministrators(t *testing.T) {
	tn := newTown(t, func(_ *Config, d *Deps) {
		d.Ready = nil
	})
	for _, who := range []string{"officer:chen", "resident:li", "kiosk:wall"} {
		tn.signIn(who).problem(http.StatusForbidden, "GET", "/api/system", nil)
	}
	got := get[struct {
		Cameras []Health `json:"cameras"`
	}](tn.signIn("admin:ops"), "/api/system")
	if len(got.Cameras) != 3 {
		t.Errorf("%d cameras", len(got.Cameras))
	}
}

func TestOffDutyOpensNothing(t *testing.T) {
	c := &front.Caller{Who: &policy.Principal{Roles: []policy.Role{policy.RoleDispatcher}}, Lang: "en"}
	p := front.ProblemOf(c.Works(policy.RoleDispatcher))
	if p.Status != http.StatusForbidden || p.Reasons[0] != policy.ReasonOffDuty || p.Text == "" {
		t.Errorf("%+v", p)
	}
}
