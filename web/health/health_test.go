package health_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/health"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// service is one whose facts the test sets.
type service struct {
	facts    health.SystemFacts
	err      error
	released []shouwang.CameraID
	sent     int
}

func (s *service) Facts(context.Context) (health.SystemFacts, error) { return s.facts, s.err }

func (s *service) Release(_ context.Context, camera shouwang.CameraID) error {
	if camera != "door" {
		return shouwang.Errorf(shouwang.CodeNotFound, "camera %s is not in quarantine", camera)
	}
	s.released = append(s.released, camera)
	return nil
}

func (s *service) SendNotices(context.Context) error { s.sent++; return nil }

func house(t *testing.T) (*fronttest.House, *service) {
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Places: []shouwang.Place{{ID: "town", Kind: "township"}},
		Principals: []*policy.Principal{
			{ID: "admin:ops", Type: policy.TypeAdministrator},
			{ID: "officer:chen", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "town", OnDuty: true},
		},
		Cameras: []*policy.Camera{
			{ID: "camera:door", Name: "门口", NameEn: "Door", Place: "town", LegalClass: "premises", Mount: "shared_premises", Quarantined: true, Drifted: []shouwang.Span{{From: time.Date(2026, 11, 18, 2, 0, 0, 0, time.UTC)}}},
			{ID: "camera:yard", Name: "院子", NameEn: "Yard", Place: "town", LegalClass: "premises", Mount: "shared_premises", Quarantined: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{}
	h := fronttest.Open(t, fronttest.Options{World: w, At: time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)})
	h.Add(health.Routes(health.Deps{Source: s}))
	return h, s
}

type answer struct {
	Troubles []health.Trouble   `json:"troubles"`
	Facts    health.SystemFacts `json:"facts"`
}

func TestTroublesAreToldMostPressingFirst(t *testing.T) {
	h, s := house(t)
	since := time.Date(2026, 11, 18, 3, 0, 0, 0, time.UTC)
	s.facts = health.SystemFacts{
		Storage:  health.StorageFacts{Away: "refused", Disk: health.DiskFacts{Total: 100, Free: 15, Reserve: 10}},
		Log:      health.LogFacts{Quorum: 2, Witnesses: []health.WitnessFacts{{Name: "county"}, {Name: "university", Away: true, Since: since}}},
		Analysis: health.AnalysisFacts{Steps: []health.ShedStep{{Step: "none", Cameras: 5}, {Step: "presence", Cameras: 3}, {Step: "rare", Cameras: 1}}},
		Barred:   []health.BarredCamera{{Camera: "door", Since: since}},
		Queues:   []health.QueueFacts{{Name: "events", Lost: 2}, {Name: "analysis", Lost: 9}},
	}
	s.err = errors.New("the keys did not answer")
	got := fronttest.Want[answer](h, http.StatusOK, "admin:ops", "GET", "/api/system/health", nil)
	var codes []string
	for _, x := range got.Troubles {
		codes = append(codes, x.Code)
	}
	want := []string{
		health.BucketAway, health.NoQuorum, health.EventsLost, // bad
		health.FactsUnreadable, health.DiskLow, health.WitnessAway, health.Shedding, health.CameraBarred, health.ViewDrifted, health.ViewWaiting,
	}
	if !slices.Equal(codes, want) {
		t.Errorf("troubles:\n got %v\nwant %v", codes, want)
	}
	if x := got.Troubles[slices.Index(want, health.Shedding)]; x.Count != 4 {
		t.Errorf("four cameras are cut, told %d", x.Count)
	}
	if x := got.Troubles[slices.Index(want, health.CameraBarred)]; x.Subject != "Door" || !x.Since.Equal(since) {
		t.Errorf("the barred camera is told as %+v", x)
	}
}

func TestAQuietServiceHasNoTroubles(t *testing.T) {
	if got := health.Find(health.SystemFacts{
		Storage: health.StorageFacts{Disk: health.DiskFacts{Total: 100, Free: 90, Reserve: 10}},
		Log:     health.LogFacts{Quorum: 1, Witnesses: []health.WitnessFacts{{Name: "county"}}},
	}, nil); len(got) != 0 {
		t.Errorf("nothing is wrong and this is told: %+v", got)
	}
}

func TestReleaseIsLoggedBeforeItIsDone(t *testing.T) {
	h, s := house(t)
	if got, _ := h.Do("officer:chen", "POST", "/api/system/barred/door/release", nil); got != http.StatusForbidden {
		t.Errorf("an officer releases: %d", got)
	}
	h.Log.Break(true)
	if got, _ := h.Do("admin:ops", "POST", "/api/system/barred/door/release", nil); got < 500 || len(s.released) > 0 {
		t.Errorf("released though nothing can be logged: %d, %v", got, s.released)
	}
	h.Log.Break(false)
	fronttest.Want[any](h, http.StatusNoContent, "admin:ops", "POST", "/api/system/barred/door/release", nil)
	if log := h.Log.Of("admin"); len(s.released) != 1 || len(log) != 1 || log[0].Camera != "camera:door" || log[0].Principal != "admin:ops" {
		t.Errorf("released %v, logged %+v", s.released, log)
	}
	fronttest.Want[any](h, http.StatusNotFound, "admin:ops", "POST", "/api/system/barred/other/release", nil)
}

func TestAnAdministratorHasNoticesTriedAtOnce(t *testing.T) {
	h, s := house(t)
	fronttest.Want[any](h, http.StatusForbidden, "officer:chen", "POST", "/api/system/notices/send", nil)
	fronttest.Want[any](h, http.StatusNoContent, "admin:ops", "POST", "/api/system/notices/send", nil)
	if s.sent != 1 {
		t.Errorf("tried %d times", s.sent)
	}
}
