package machine_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/machine"
)

// shelf is an access log of acts, the newest last.
type shelf []machine.Entry

func (s shelf) MachineActs(_ context.Context, before uint64, limit int) (found []machine.Entry, err error) {
	for i := len(s) - 1; i >= 0 && len(found) < limit; i-- {
		if before == 0 || s[i].Index < before {
			found = append(found, s[i])
		}
	}
	return found, nil
}

type acts struct {
	Acts []machine.Act `json:"acts"`
	More bool          `json:"more"`
}

func house(t *testing.T, log machine.Log) *fronttest.House {
	t.Helper()
	var people []*policy.Principal
	for id, roles := range map[string][]policy.Role{
		"officer:audit": {policy.RoleOversight}, "officer:chen": {policy.RoleDispatcher}, "officer:both": {policy.RoleOversight, policy.RoleDispatcher},
	} {
		people = append(people, &policy.Principal{ID: id, Type: policy.TypeOfficer, Roles: roles, OnDuty: true})
	}
	people = append(people, &policy.Principal{ID: "admin:ops", Type: policy.TypeAdministrator}, &policy.Principal{ID: "resident:li", Type: policy.TypeResident})
	world, err := policy.NewWorld(policy.WorldData{Timezone: "Asia/Shanghai", Principals: people})
	if err != nil {
		t.Fatal(err)
	}
	h := fronttest.Open(t, fronttest.Options{World: world, At: time.Date(2026, 11, 18, 4, 0, 0, 0, time.UTC)})
	h.Add(machine.Routes(log))
	return h
}

func TestTheOversightReadsWhatWasDoneAtTheMachine(t *testing.T) {
	var log shelf
	for i := range 120 {
		log = append(log, machine.Entry{Index: uint64(3 * i), Entry: policy.Entry{
			Kind: policy.KindMachine, Principal: "machine:root (sudo: chen)@tower", Detail: fmt.Sprintf("camera add c%d; ma-ABC", i),
		}})
	}
	h := house(t, log)
	var seen []machine.Act
	for page, before := 0, uint64(0); ; page++ {
		got := fronttest.Want[acts](h, http.StatusOK, "officer:audit", "GET", fmt.Sprintf("/api/machine-acts?before=%d", before), nil)
		seen = append(seen, got.Acts...)
		if !got.More {
			break
		}
		if page > 5 {
			t.Fatal("there is always more")
		}
		before = seen[len(seen)-1].Index
	}
	if len(seen) != len(log) {
		t.Fatalf("%d of %d acts are told", len(seen), len(log))
	}
	for i, a := range seen {
		if n := len(log) - 1 - i; a.Index != log[n].Index || a.Who != "root (sudo: chen)@tower" || a.What != fmt.Sprintf("camera add c%d", n) {
			t.Fatalf("%d: %+v", i, a)
		}
	}
}

// TestNobodyElseReadsIt: what administrators do alone is not for administrators,
// and the dispatch centre's own overseer is none.
func TestNobodyElseReadsIt(t *testing.T) {
	h := house(t, shelf{})
	for who, want := range map[string]int{
		"officer:chen": http.StatusForbidden, "officer:both": http.StatusForbidden, "admin:ops": http.StatusForbidden,
		"resident:li": http.StatusForbidden, "": http.StatusUnauthorized, "officer:audit": http.StatusOK,
	} {
		if got, body := h.Do(who, "GET", "/api/machine-acts", nil); got != want {
			t.Errorf("%q: %d %s", who, got, body)
		}
	}
	if got, _ := h.Do("officer:audit", "GET", "/api/machine-acts?before=x", nil); got != http.StatusUnprocessableEntity {
		t.Errorf("nonsense: %d", got)
	}
}
