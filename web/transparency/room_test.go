package transparency_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front/fronttest"
	"shouwang/web/transparency"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

const day = 24 * time.Hour

func world(t *testing.T) *policy.World {
	t.Helper()
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Audiences: []string{"dispatch-centre"},
		Places: []shouwang.Place{{ID: "town"}, {ID: "north", Parent: "town"}, {ID: "south", Parent: "town"}, {ID: "house", Parent: "north"}},
		Units:  []policy.Unit{{ID: "team", Name: "综合执法队", NameEn: "Enforcement"}},
		Principals: []*policy.Principal{
			{ID: "officer:chen", Type: policy.TypeOfficer, Name: "陈", Unit: "team", Roles: []policy.Role{policy.RoleInvestigator}, Jurisdiction: "town", HomeGrid: "south", OnDuty: true},
			{ID: "officer:wang", Type: policy.TypeOfficer, Name: "王", Unit: "team", Roles: []policy.Role{policy.RoleApprover}, Jurisdiction: "town", HomeGrid: "south", OnDuty: true},
			{ID: "officer:zhou", Type: policy.TypeOfficer, Name: "周", Unit: "team", Roles: []policy.Role{policy.RoleApprover}, Jurisdiction: "town", HomeGrid: "south", OnDuty: true},
			{ID: "officer:rest", Type: policy.TypeOfficer, Unit: "team", Roles: []policy.Role{policy.RoleApprover}, Jurisdiction: "town", HomeGrid: "south"},
			{ID: "officer:over", Type: policy.TypeOfficer, Name: "监", Unit: "watch", Roles: []policy.Role{policy.RoleOversight}, Jurisdiction: "town", HomeGrid: "south", OnDuty: true},
			{ID: "resident:li", Type: policy.TypeResident, Name: "李", Home: "house"},
			{ID: "resident:gao", Type: policy.TypeResident, Name: "高", Home: "south"},
			{ID: "kiosk:wall", Type: policy.TypeKiosk, Site: "dispatch-centre", Jurisdiction: "town", Attended: true},
			{ID: "admin:ops", Type: policy.TypeAdministrator},
		},
		Cameras: []*policy.Camera{
			{ID: "camera:door", Place: "house", LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true},
			{ID: "camera:far", Place: "south", LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:gao", Sign: true},
		},
		Cases: []*policy.Case{
			{ID: "case-1", Open: true, Type: "burglary", Members: []string{"officer:chen", "officer:zhou"}, Opened: noon.Add(-2 * day)},
			{ID: "case-2", Type: "fight", Members: []string{"officer:chen"}, Opened: noon.Add(-9 * day)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// kept reads the house's own log as a ledger would: number and place alike.
type kept struct{ log *fronttest.Log }

func (k kept) Looks(_ context.Context, camera string, span shouwang.Span) (out []transparency.Logged, err error) {
	for i, e := range k.log.All() {
		if e.Camera != camera || !span.Contains(e.At) {
			continue
		}
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		out = append([]transparency.Logged{{Index: uint64(i), Place: uint64(i), Published: true, Salt: make([]byte, 32), Line: string(line), Entry: e}}, out...)
	}
	return out, nil
}

// paper is a public log that says what it is told.
type paper struct {
	size  uint64
	asked [3]any
}

func (p *paper) Key() string { return "shouwang.log+0123abcd+key" }
func (p *paper) Checkpoint(_ context.Context, newest bool) (string, uint64, error) {
	if newest {
		return "newest\n", p.size + 1, nil
	}
	return "cosigned\n", p.size, nil
}

func (p *paper) Inclusion(_ context.Context, place, size uint64) ([][]byte, error) {
	p.asked = [3]any{"inclusion", place, size}
	if place >= size {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "no such place")
	}
	return [][]byte{make([]byte, sha256.Size)}, nil
}

func (p *paper) Consistency(_ context.Context, from, to uint64) ([][]byte, error) {
	p.asked = [3]any{"consistency", from, to}
	return nil, nil
}

func (p *paper) File(path string) ([]byte, error) {
	p.asked[0] = path
	if path == "0/000" {
		return []byte("hashes"), nil
	}
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "none")
}

func (p *paper) State(context.Context) transparency.State {
	return transparency.State{Origin: "shouwang.log", Key: p.Key(), Size: p.size}
}

func open(t *testing.T) (*fronttest.House, *paper) {
	t.Helper()
	h := fronttest.Open(t, fronttest.Options{World: world(t), At: noon})
	p := &paper{size: 9}
	h.Add(transparency.Routes(transparency.Deps{Public: p, Looks: kept{h.Log}, Gate: h.Gate}))
	return h, p
}

// Anybody may fetch the public half, from any site and without a session.
func TestPublicLog(t *testing.T) {
	h, p := open(t)
	for path, want := range map[string]string{
		"/api/log/key": p.Key() + "\n", "/api/log/checkpoint": "cosigned\n", "/api/log/checkpoint.newest": "newest\n", "/api/log/tile/0/000": "hashes",
	} {
		res, err := h.Server.Client().Get(h.Server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		status, body := h.Do("", "GET", path, nil)
		if status != http.StatusOK || string(body) != want || res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s: %d %q %v", path, status, body, res.Header)
		}
		if immutable := strings.Contains(res.Header.Get("Cache-Control"), "immutable"); immutable != strings.Contains(path, "tile") {
			t.Errorf("%s may be kept: %q", path, res.Header.Get("Cache-Control"))
		}
	}
	state := fronttest.Want[transparency.State](h, http.StatusOK, "", "GET", "/api/log", nil)
	if state.Size != 9 || state.Witnesses == nil {
		t.Errorf("state: %+v", state)
	}
	proof := fronttest.Want[transparency.Path](h, http.StatusOK, "", "GET", "/api/log/proof/inclusion?index=3", nil)
	if p.asked != [3]any{"inclusion", uint64(3), uint64(9)} || proof.Size != 9 || len(proof.Hashes) != 1 {
		t.Errorf("inclusion: %v, %+v", p.asked, proof)
	}
	path := fronttest.Want[transparency.Path](h, http.StatusOK, "", "GET", "/api/log/proof/consistency?from=3&to=7", nil)
	if p.asked != [3]any{"consistency", uint64(3), uint64(7)} || path.Hashes == nil {
		t.Errorf("consistency: %v, %+v", p.asked, path)
	}
	for _, bad := range []string{"inclusion?index=9", "inclusion?index=-1", "inclusion", "inclusion?index=99999999999999999999", "consistency?from=x"} {
		if status, body := h.Do("", "GET", "/api/log/proof/"+bad, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, status, body)
		}
	}
}

// No path leads out of the log's folder: what is not of C2SP's form is never
// looked for.
func TestTilePathsAreOfOneForm(t *testing.T) {
	h, p := open(t)
	for _, path := range []string{
		"0/x001/234", "63/000.p/255", "entries/x001/x234/067.p/1", "entries/000",
	} {
		p.asked[0] = ""
		h.Do("", "GET", "/api/log/tile/"+path, nil)
		if p.asked[0] != path {
			t.Errorf("%s was not looked for", path)
		}
	}
	for _, path := range []string{
		"..%2f..%2fsecret.key", "%2e%2e/secret.key", "0/000/../../../log.key", "64/000", "0/0000", "0/00", "0/000.p/0", "0/000.p/256", "0/000.p/01",
		"0", "entries", "entries/000.p/", "0/x00/000", "0/000%00", "0/000%0a", "//etc/passwd", "0\\000", "00/000", strings.Repeat("0/", 40) + "000",
	} {
		p.asked[0] = ""
		if status, _ := h.Do("", "GET", "/api/log/tile/"+path, nil); status == http.StatusOK || p.asked[0] != "" {
			t.Errorf("%s: %d, looked for %q", path, status, p.asked[0])
		}
	}
}

type looks struct {
	Looks     []transparency.LookView
	Deferred  int
	Sealed    []transparency.Sealed
	Deferrals []transparency.Deferral
}

func look(h *fronttest.House, id string, change ...func(*policy.Entry)) {
	e := policy.Entry{
		At: h.Now(), Kind: "look", Principal: "officer:chen", Person: "陈", Unit: "team", Action: policy.Playback, Camera: "camera:door",
		Purpose: "public_safety", Case: "case-1", Decision: "allow", DecisionID: id, Obligations: []policy.ObligationID{policy.ObligeMask},
	}
	for _, c := range change {
		c(&e)
	}
	_, _ = h.Log.Append(context.Background(), e)
}

func read(h *fronttest.House) looks {
	h.T.Helper()
	return fronttest.Want[looks](h, http.StatusOK, "resident:li", "GET", "/api/my/cameras/door/looks", nil)
}

// Each look is there within 24 hours: in fact at once, with what proves it.
func TestEveryLookIsVisible(t *testing.T) {
	h, _ := open(t)
	look(h, "d-1")
	if got := read(h).Looks; len(got) != 1 || !got[0].To.IsZero() {
		t.Fatalf("at once: %+v", got)
	}
	h.Advance(3 * time.Minute)
	look(h, "d-1", func(e *policy.Entry) { e.Kind, e.BytesOut = "look_end", 4711 })
	look(h, "d-2", func(e *policy.Entry) { e.Kind, e.Action = "export", policy.Export })
	look(h, "d-3", func(e *policy.Entry) { e.Kind = "denial" })
	look(h, "d-4", func(e *policy.Entry) { e.Camera = "camera:far" })
	for _, later := range []time.Duration{0, 23*time.Hour + 57*time.Minute, 28 * day} {
		h.Advance(later)
		got := read(h)
		if len(got.Looks) != 2 || got.Deferred != 0 {
			t.Fatalf("%v later: %+v", later, got)
		}
		exported, seen := got.Looks[0], got.Looks[1]
		if !exported.Exported || seen.Exported || seen.Person != "陈" || seen.Unit != "Enforcement" || seen.CaseType != "burglary" || seen.BytesOut != 4711 || seen.To.Sub(seen.At) != 3*time.Minute || seen.Own {
			t.Errorf("%+v", seen)
		}
		var logged policy.Entry
		if err := json.Unmarshal([]byte(seen.Proof.Entry), &logged); err != nil || logged.DecisionID != "d-1" || len(seen.Proof.Salt) != 32 || *seen.Proof.LeafIndex != 0 || seen.End == nil || *seen.End.LeafIndex != 1 {
			t.Errorf("proof: %+v, end %+v", seen.Proof, seen.End)
		}
	}
	h.Advance(3 * day)
	if got := read(h); len(got.Looks) != 0 {
		t.Errorf("after thirty days the usual list still shows %+v", got.Looks)
	}
	for who, status := range map[string]int{"officer:chen": 403, "officer:wang": 403, "resident:gao": 404, "kiosk:wall": 403, "": 401} {
		if got, body := h.Do(who, "GET", "/api/my/cameras/door/looks", nil); got != status {
			t.Errorf("%s: %d %s", who, got, body)
		}
	}
}

func TestWhatIsKeptAndWhoApprovedIsVisible(t *testing.T) {
	h, _ := open(t)
	look(h, "d-1", func(e *policy.Entry) { e.Kind, e.Action, e.Second = "hold", policy.PlaceHold, "officer:wang" })
	look(h, "d-2", func(e *policy.Entry) { e.Kind, e.Action, e.Second = "release", policy.ReleaseHold, "officer:gone" })
	look(h, "d-3", func(e *policy.Entry) { e.Kind = "destroy" })
	got := read(h).Looks
	if len(got) != 2 || got[0].Action != policy.ReleaseHold || got[0].Approved != "officer:gone" || got[1].Action != policy.PlaceHold || got[1].Approved == "" {
		t.Errorf("%+v", got)
	}
}

func deferral(until time.Time, change ...func(map[string]any)) map[string]any {
	in := map[string]any{"case": "case-1", "cameras": []string{"door"}, "reason": "the suspect would be warned", "until": until}
	for _, c := range change {
		c(in)
	}
	return in
}

func TestADeferredNoticeIsCountedAndOpensByItself(t *testing.T) {
	h, _ := open(t)
	look(h, "d-before")
	h.Factor("officer:wang")
	until := noon.Add(20 * day)
	fronttest.Want[any](h, http.StatusCreated, "officer:wang", "POST", "/api/deferrals", deferral(until))
	h.Advance(time.Hour)
	look(h, "d-sealed")
	look(h, "d-sealed", func(e *policy.Entry) { e.Kind = "look_end" })
	look(h, "d-other", func(e *policy.Entry) { e.Case = "case-2" })
	look(h, "d-wang", func(e *policy.Entry) { e.Principal = "officer:wang" })
	ids := func(l looks) (out []string) {
		for _, v := range l.Looks {
			var e policy.Entry
			_ = json.Unmarshal([]byte(v.Proof.Entry), &e)
			out = append(out, e.DecisionID)
		}
		return out
	}
	got := read(h)
	if list := strings.Join(ids(got), " "); list != "d-wang d-other d-before" {
		t.Errorf("told at once: %s", list)
	}
	if got.Deferred != 1 || len(got.Sealed) != 1 || len(got.Deferrals) != 0 || got.Sealed[0].Until.Before(until) || got.Sealed[0].Until.After(until.Add(day)) {
		t.Errorf("sealed: %+v", got)
	}
	raw, _ := json.Marshal(got.Sealed)
	if strings.Contains(string(raw), "chen") || strings.Contains(string(raw), "d-sealed") {
		t.Errorf("the seal shows %s", raw)
	}
	h.Advance(until.Add(-time.Second).Sub(h.Now()))
	if got := read(h); got.Deferred != 1 {
		t.Errorf("a second before: %+v", got)
	}
	h.Advance(2 * time.Second)
	got = read(h)
	if list := strings.Join(ids(got), " "); !strings.Contains(list, "d-sealed") || got.Deferred != 0 || len(got.Deferrals) != 1 || got.Deferrals[0].Reason != "the suspect would be warned" {
		t.Errorf("opened: %s, %+v", list, got)
	}
	// A month after it opened it is no news any more; until then it is in the
	// usual list, though the look itself is older.
	h.Advance(29 * day)
	if list := strings.Join(ids(read(h)), " "); list != "d-sealed" {
		t.Errorf("29 days after it opened: %s", list)
	}
}

func TestAnOrdersNoticeOpensAfterNinetyDays(t *testing.T) {
	h, _ := open(t)
	look(h, "d-order", func(e *policy.Entry) { e.Obligations = []policy.ObligationID{policy.ObligeNotifyDeferred} })
	h.Advance(90*day - time.Second)
	if got := read(h); got.Deferred != 1 || len(got.Looks) != 0 {
		t.Errorf("within ninety days: %+v", got)
	}
	h.Advance(time.Second)
	if got := read(h); got.Deferred != 0 || len(got.Looks) != 1 || !got.Looks[0].Opened.Equal(noon.Add(90*day)) {
		t.Errorf("after ninety days: %+v", got)
	}
}

func TestWhoMayDefer(t *testing.T) {
	h, _ := open(t)
	for _, who := range []string{"officer:wang", "officer:zhou", "officer:chen", "officer:rest", "officer:over"} {
		h.Factor(who)
	}
	good := deferral(noon.Add(day))
	for who, status := range map[string]int{
		"officer:chen": 403, "officer:zhou": 403, "officer:rest": 403, "officer:over": 403, "resident:li": 403, "kiosk:wall": 403, "admin:ops": 403, "": 401,
	} {
		if got, body := h.Do(who, "POST", "/api/deferrals", good); got != status {
			t.Errorf("%s: %d %s", who, got, body)
		}
	}
	for what, in := range map[string]map[string]any{
		"beyond ninety days": deferral(noon.Add(90*day + time.Hour)),
		"in the past":        deferral(noon.Add(-time.Hour)),
		"no reason":          deferral(noon.Add(day), func(in map[string]any) { in["reason"] = "x" }),
		"no camera":          deferral(noon.Add(day), func(in map[string]any) { in["cameras"] = []string{} }),
		"unknown camera":     deferral(noon.Add(day), func(in map[string]any) { in["cameras"] = []string{"door", "nowhere"} }),
		"closed case":        deferral(noon.Add(day), func(in map[string]any) { in["case"] = "case-2" }),
		"no case":            deferral(noon.Add(day), func(in map[string]any) { in["case"] = "" }),
	} {
		if got, body := h.Do("officer:wang", "POST", "/api/deferrals", in); got != 422 && got != 404 {
			t.Errorf("%s: %d %s", what, got, body)
		}
	}
	if n := len(h.Log.Of(policy.KindDefer)); n != 0 {
		t.Fatalf("%d refused deferrals were logged", n)
	}
	h.Log.Break(true)
	if got, body := h.Do("officer:wang", "POST", "/api/deferrals", good); got != http.StatusServiceUnavailable {
		t.Errorf("a deferral that cannot be logged: %d %s", got, body)
	}
	h.Log.Break(false)
	fronttest.Want[any](h, http.StatusCreated, "officer:wang", "POST", "/api/deferrals", good)
	look(h, "d-1")
	h.Advance(6 * time.Minute)
	if got, body := h.Do("officer:wang", "POST", "/api/deferrals/reveal", map[string]any{"case": "case-1", "cameras": []string{"door"}}); got != http.StatusForbidden {
		t.Errorf("with a stale second factor: %d %s", got, body)
	}
	h.Factor("officer:wang")
	fronttest.Want[any](h, http.StatusOK, "officer:wang", "POST", "/api/deferrals/reveal", map[string]any{"case": "case-1", "cameras": []string{"door"}})
	h.Advance(time.Second)
	if got := read(h); got.Deferred != 0 || len(got.Looks) != 1 {
		t.Errorf("revealed: %+v", got)
	}
}
