package subjects_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/evidence"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/look"
	"shouwang/web/subjects"
	"shouwang/web/watch"
)

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// desk is the store over the house's own gate.
type desk struct{ gate *gate.Gate }

func (d desk) PutSubjectRequest(_ context.Context, s policy.SubjectRequest) error {
	return d.gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithSubjectRequest(&s), nil })
}

func (d desk) PutPrincipal(_ context.Context, p policy.Principal) error {
	return d.gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithPrincipal(&p) })
}

// index says that everything is recorded.
type index struct{ evidence.Index }

func (index) Cover(_ context.Context, _ shouwang.CameraID, s shouwang.Span) (evidence.Cover, error) {
	return evidence.Cover{Recorded: []shouwang.Span{s}}, nil
}

func (index) Stamps(context.Context, shouwang.CameraID, shouwang.Span) ([]evidence.Stamped, error) {
	return nil, nil
}

func (index) Keys(context.Context, shouwang.CameraID, shouwang.Span) (policy.KeyState, error) {
	return policy.KeyLive, nil
}

type nothing struct{}

func (nothing) Units(context.Context, gate.Grant, shouwang.CameraID, shouwang.Span) (watch.Units, error) {
	return nil, shouwang.Errorf(shouwang.CodeNotFound, "not in this test")
}
func (nothing) Settle(context.Context, shouwang.CameraID) {}

func open(t *testing.T) *fronttest.House {
	t.Helper()
	h := fronttest.Open(t, fronttest.Options{World: fronttest.World(t), At: noon, CanRender: true})
	room := evidence.New(evidence.Deps{Gate: h.Gate, Index: index{}, Footage: nothing{}})
	h.Add(func(f *front.Front, l *look.Looks) {
		room.Register(f, l)
		subjects.Routes(subjects.Deps{Store: desk{h.Gate}, Player: room})(f, l)
	})
	return h
}

func asked(change ...func(map[string]any)) map[string]any {
	body := map[string]any{
		"name": "王小明", "contact": "13800000000", "where": "广场", "reason": "我的自行车被撞了",
		"from": noon.Add(-26 * time.Hour), "to": noon.Add(-26*time.Hour + 10*time.Minute),
	}
	for _, c := range change {
		c(body)
	}
	return body
}

func span(body map[string]any, how string) map[string]any {
	return map[string]any{"camera": "square", "from": body["from"], "to": body["to"], "how": how}
}

const base = "/api/footage-requests"

func filed(h *fronttest.House) string {
	h.T.Helper()
	return fronttest.Want[struct{ Number string }](h, http.StatusCreated, "", "POST", base, asked()).Number
}

func TestAFilmedPersonSeesTenMinutesBesideTheCustodian(t *testing.T) {
	h := open(t)
	id := filed(h)
	at := base + "/" + id
	if v := fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:grid", "POST", at+"/verify", span(asked(), "身份证")); v.State != "verified" || v.Camera != "square" {
		t.Fatalf("%+v", v)
	}
	if status, raw := h.Do("officer:boss", "POST", at+"/answer", map[string]any{"agree": true}); status != http.StatusForbidden || !strings.Contains(string(raw), string(policy.ReasonSecondFactor)) {
		t.Errorf("without a factor: %d %s", status, raw)
	}
	if status, _ := h.Do("officer:boss", "POST", at+"/look", map[string]any{}); status != http.StatusForbidden {
		t.Errorf("before anybody agreed: %d", status)
	}
	h.Factor("officer:boss")
	if v := fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:boss", "POST", at+"/answer", map[string]any{"agree": true}); v.State != "agreed" || !v.MayLook {
		t.Fatalf("%+v", v)
	}
	play := fronttest.Want[evidence.Play](h, http.StatusOK, "officer:boss", "POST", at+"/look", map[string]any{})
	c := play.Cameras[0]
	if play.ID == "" || !c.Allowed || play.To.Sub(play.From) != 10*time.Minute {
		t.Fatalf("%+v", play)
	}
	looks := h.Log.Of("look")
	if len(looks) != 1 || looks[0].Principal != "resident:filmed-"+id || looks[0].Person != "" || !strings.Contains(looks[0].Detail, "officer:boss") {
		t.Errorf("logged: %+v", looks)
	}
	if steps := h.Log.Of("subject_request"); len(steps) != 3 {
		t.Errorf("steps logged: %+v", steps)
	}
	// It is the custodian's look to show, and nobody else's.
	for _, who := range []string{"officer:grid", "officer:sup", "officer:eye", "kiosk:hall", "resident:mei", "admin:root"} {
		if status, _ := h.Do(who, "POST", at+"/look", map[string]any{}); status != http.StatusForbidden {
			t.Errorf("%s: %d", who, status)
		}
	}
	h.Advance(31 * 24 * time.Hour)
	if status, _ := h.Do("officer:boss", "POST", at+"/look", map[string]any{}); status != http.StatusForbidden {
		t.Errorf("after a month: %d", status)
	}
}

// TestTheCustodianMarksWhoAsked marks by hand, and what the rendering is asked for
// is everybody pixelated but there.
func TestTheCustodianMarksWhoAsked(t *testing.T) {
	h := open(t)
	id := filed(h)
	at := base + "/" + id
	from := noon.Add(-26 * time.Hour)
	mark := func(second int, box ...float64) map[string]any {
		return map[string]any{"at": from.Add(time.Duration(second) * time.Second), "box": box}
	}
	two := map[string]any{"marks": []any{mark(1, .1, .2, .1, .3), mark(3, .2, .2, .1, .3)}}
	fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:grid", "POST", at+"/verify", span(asked(), "身份证"))
	if status, _ := h.Do("officer:boss", "PUT", at+"/marks", two); status != http.StatusForbidden {
		t.Errorf("before anybody agreed: %d", status)
	}
	h.Factor("officer:boss")
	fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:boss", "POST", at+"/answer", map[string]any{"agree": true})
	for what, marks := range map[string][]any{
		"outside the minutes": {mark(601, .1, .2, .1, .3)}, "before them": {mark(-1, .1, .2, .1, .3)},
		"backwards": {mark(3, .1, .2, .1, .3), mark(1, .1, .2, .1, .3)}, "twice": {mark(1, .1, .2, .1, .3), mark(1, .1, .2, .1, .3)},
		"outside the picture": {mark(1, .95, .2, .1, .3)}, "empty": {mark(1, .1, .2, 0, .3)}, "everybody": {mark(1, 0, 0, 1, 1)},
	} {
		if status, raw := h.Do("officer:boss", "PUT", at+"/marks", map[string]any{"marks": marks}); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", what, status, raw)
		}
	}
	for _, who := range []string{"officer:grid", "officer:sup", "officer:eye", "resident:mei", "admin:root"} {
		if status, _ := h.Do(who, "PUT", at+"/marks", two); status != http.StatusForbidden {
			t.Errorf("%s marks: %d", who, status)
		}
	}
	if v := fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:boss", "PUT", at+"/marks", two); len(v.Marks) != 2 || v.Marks[1].Box != [4]float64{.2, .2, .1, .3} {
		t.Fatalf("%+v", v)
	}
	steps := h.Log.Of("subject_request")
	if last := steps[len(steps)-1]; last.Detail != "marked 2 times "+id || last.Principal != "officer:boss" {
		t.Errorf("logged: %+v", last)
	}
	if got := fronttest.Want[struct{ Requests []subjects.SubjectView }](h, http.StatusOK, "officer:eye", "GET", base, nil); len(got.Requests[0].Marks) != 0 {
		t.Errorf("somebody else reads where the person was: %+v", got.Requests[0].Marks)
	}
	s, _ := h.Gate.World().SubjectRequest(id)
	d := &policy.Decision{Obligations: []policy.Obligation{{ID: policy.ObligeBlurOthers}, {ID: policy.ObligeSupervised}}}
	cam, _ := h.Gate.World().Camera("camera:square")
	o, refused := h.Looks.Supervised(s.Marks).Carry(d, &front.Caller{World: h.Gate.World()}, cam)
	if refused != "" || !o.BlurPeople || !o.BlurPlates || len(o.Clear) != 2 || !o.Clear[0].At.Equal(from.Add(time.Second)) {
		t.Errorf("rendered with %+v, %s", o, refused)
	}
	if play := fronttest.Want[evidence.Play](h, http.StatusOK, "officer:boss", "POST", at+"/look", map[string]any{}); !play.Cameras[0].Allowed {
		t.Errorf("%+v", play)
	}
	none := map[string]any{"marks": []any{}}
	if v := fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:boss", "PUT", at+"/marks", none); len(v.Marks) != 0 {
		t.Errorf("taken away: %+v", v.Marks)
	}
}

func TestVerifierAndCustodianAreTwo(t *testing.T) {
	h := open(t)
	at := base + "/" + filed(h)
	fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:boss", "POST", at+"/verify", span(asked(), "身份证"))
	h.Factor("officer:boss")
	if status, _ := h.Do("officer:boss", "POST", at+"/answer", map[string]any{"agree": true}); status != http.StatusForbidden {
		t.Errorf("alone: %d", status)
	}
	if v := fronttest.Want[subjects.SubjectView](h, http.StatusOK, "officer:sup", "POST", at+"/answer", map[string]any{"agree": false, "note": "no"}); v.State != "refused" || v.MayLook {
		t.Errorf("refused: %+v", v)
	}
	// What the room lets slip the gate does not: one person in both places.
	r := &policy.SubjectRequest{
		ID: "sr-x", Subject: "resident:mei", Verified: true, VerifiedBy: "officer:boss", CustodianApprovedBy: "officer:boss", Camera: "camera:square",
		From: noon.Add(-26 * time.Hour), To: noon.Add(-25 * time.Hour), Filed: noon, Until: noon.Add(time.Hour),
	}
	request := func(r *policy.SubjectRequest, minutes int) policy.Decision {
		if err := (desk{h.Gate}).PutSubjectRequest(context.Background(), *r); err != nil {
			t.Fatal(err)
		}
		return h.Gate.Decide(policy.Request{
			ID: "1", Principal: "resident:mei", Action: policy.Playback, Resource: "camera:square", At: noon, Purpose: "public_safety", SubjectRequest: r.ID,
			Footage: &policy.Footage{Camera: "camera:square", From: r.From, To: r.From.Add(time.Duration(minutes) * time.Minute), KeyState: policy.KeyLive},
		})
	}
	if d := request(r, 10); d.Allowed() {
		t.Error("verifier and custodian are one")
	}
	r.VerifiedBy = "officer:grid"
	if d := request(r, 10); !d.Allowed() {
		t.Errorf("two: %v", d.Reasons)
	}
	for what, spoil := range map[string]func(*policy.SubjectRequest){
		"refused": func(r *policy.SubjectRequest) { r.Refused = true }, "not verified": func(r *policy.SubjectRequest) { r.Verified = false },
		"nobody verified": func(r *policy.SubjectRequest) { r.VerifiedBy = "" }, "nobody agreed": func(r *policy.SubjectRequest) { r.CustodianApprovedBy = "" },
		"lapsed": func(r *policy.SubjectRequest) { r.Until = noon }, "another camera": func(r *policy.SubjectRequest) { r.Camera = "camera:shop" },
		"somebody else": func(r *policy.SubjectRequest) { r.Subject = "resident:tan" },
		"other minutes": func(r *policy.SubjectRequest) { r.To = r.From.Add(5 * time.Minute) },
	} {
		bad := *r
		spoil(&bad)
		if d := request(&bad, 10); d.Allowed() {
			t.Errorf("%s: allowed", what)
		}
	}
	if d := request(r, 11); d.Allowed() {
		t.Error("eleven minutes")
	}
}

func TestWhatAnybodyMaySendIsBounded(t *testing.T) {
	h := open(t)
	fields := map[string]string{"eleven minutes": "to too_much", "backwards": "to before_from", "the future": "to future", "long ago": "from gone"}
	for what, change := range map[string]func(map[string]any){
		"eleven minutes": func(b map[string]any) { b["to"] = noon.Add(-26*time.Hour + 11*time.Minute) },
		"backwards":      func(b map[string]any) { b["to"] = noon.Add(-27 * time.Hour) },
		"the future":     func(b map[string]any) { b["to"] = noon.Add(time.Minute); b["from"] = noon },
		"long ago": func(b map[string]any) {
			b["from"], b["to"] = noon.AddDate(-1, 0, 0), noon.AddDate(-1, 0, 0).Add(time.Minute)
		},
		"control": func(b map[string]any) { b["reason"] = "a\x00b\x1b[2J" },
	} {
		p := fronttest.Want[front.Problem](h, http.StatusUnprocessableEntity, "", "POST", base, asked(change))
		if want := fields[what]; want != "" && (len(p.Faults) != 1 || p.Faults[0].Field+" "+p.Faults[0].Why != want) {
			t.Errorf("%s: %+v, want %s", what, p, want)
		}
	}
	if len(h.Gate.World().SubjectRequests()) != 2 { // the world's own
		t.Error("something was kept")
	}
	if status, raw := h.Do("", "POST", base, asked()); status != http.StatusTooManyRequests || !strings.Contains(string(raw), "rate") {
		t.Errorf("the sixth from one address: %d %s", status, raw)
	}
	h.Advance(31 * time.Minute)
	at := base + "/" + filed(h)
	for what, body := range map[string]map[string]any{
		"a resident's camera": {"camera": "door-4", "from": noon.Add(-26 * time.Hour), "to": noon.Add(-26*time.Hour + time.Minute), "how": "id"},
		"an hour":             {"camera": "square", "from": noon.Add(-26 * time.Hour), "to": noon.Add(-25 * time.Hour), "how": "id"},
	} {
		if status, raw := h.Do("officer:grid", "POST", at+"/verify", body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", what, status, raw)
		}
	}
	for _, who := range []string{"officer:cable", "officer:off", "kiosk:hall", "resident:mei", "admin:root"} {
		if status, _ := h.Do(who, "GET", base, nil); status != http.StatusForbidden {
			t.Errorf("%s reads requests: %d", who, status)
		}
	}
	if got := fronttest.Want[struct{ Requests []subjects.SubjectView }](h, http.StatusOK, "officer:eye", "GET", base, nil); len(got.Requests) != 1 || got.Requests[0].MayVerify {
		t.Errorf("oversight: %+v", got.Requests)
	}
}
