package join_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/auth"
	"shouwang/web/front/fronttest"
	"shouwang/web/join"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 28, 4, 0, 0, 0, time.UTC)

// desk is the room's register, records and accounts, with one invitation.
type desk struct {
	invitation *papers.Invitation
	settled    []join.Answer
}

func (d *desk) Invite(context.Context, *papers.Invitation, *policy.Consent) error { return nil }

func (d *desk) Invitations(context.Context) ([]*papers.Invitation, error) {
	return []*papers.Invitation{d.invitation}, nil
}

func (d *desk) InvitationByToken(_ context.Context, hash string) (*papers.Invitation, error) {
	if hash != d.invitation.TokenHash {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "there is no such invitation")
	}
	i := *d.invitation
	return &i, nil
}

func (d *desk) Notices(context.Context) ([]*papers.NoticeText, error) {
	return papers.DefaultNotices(), nil
}

func (d *desk) Settle(_ context.Context, a join.Answer) (string, error) {
	d.settled, d.invitation.State = append(d.settled, a), a.State
	return "receipt", nil
}

func (d *desk) Append(context.Context, *policy.Consent) (string, error) { return "receipt", nil }

func (d *desk) Versions(context.Context, string) ([]*policy.Consent, error) { return nil, nil }

func (d *desk) SignIn(context.Context, string, string, string) (string, auth.Session, error) {
	return "token", auth.Session{Principal: d.settled[0].Owner}, nil
}

func (d *desk) HashPassword(context.Context, string) (string, error) { return "hash", nil }

// invited opens a house in which the owner of a door is asked, and returns the
// path of the invitation.
func invited(t *testing.T) (*fronttest.House, *desk, string) {
	t.Helper()
	cam := &policy.Camera{ID: "camera:door", Name: "门口", Place: "house", LegalClass: "resident", Mount: "own_premises", Sign: true}
	notices := papers.DefaultNotices()
	token, hash := papers.NewInvitationToken()
	terms := policy.DefaultTerms(cam.LegalClass)
	terms.Audiences, terms.AreaScope = []string{"dispatch-centre"}, "township"
	d := &desk{invitation: &papers.Invitation{
		ID: "inv-1", TokenHash: hash, Kind: papers.InviteNew, Camera: cam.ID, Purpose: "public_safety", Consent: "c-door-public_safety", Channel: "app",
		Notice: notices[0].ID, NoticeVersion: notices[0].Version, Asked: terms, By: "officer:grid", Created: noon, Expires: noon.AddDate(0, 0, 14),
		State: papers.InvitationOpen, Controllers: []policy.Controller{{Party: "unit:town", Role: "controller", Contact: "0874-000000"}},
	}}
	asked, err := d.invitation.Ask(nil, cam, policy.Change{At: noon, By: "officer:grid", Channel: "app", NoticeVersion: notices[0].Version})
	if err != nil {
		t.Fatal(err)
	}
	cam.Consents = []*policy.Consent{asked}
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Audiences: []string{"dispatch-centre"},
		Places:     []shouwang.Place{{ID: "town", Kind: "township"}, {ID: "house", Kind: "building", Parent: "town"}},
		Principals: []*policy.Principal{{ID: "officer:grid", Type: policy.TypeOfficer, Name: "罗", Jurisdiction: "town", HomeGrid: "-"}},
		Cameras:    []*policy.Camera{cam},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := fronttest.Open(t, fronttest.Options{World: w, At: noon})
	h.Add(join.Routes(join.Deps{Gate: h.Gate, Audit: h.Log, Register: d, Consents: d, Accounts: d, Changed: func(context.Context, *policy.Consent) {}}))
	return h, d, "/api/join/" + token
}

// TestTokensAreNotToBeGuessed: an address that tries wrong ones is stopped after
// thirty, and learns nothing of the right one meanwhile.
func TestTokensAreNotToBeGuessed(t *testing.T) {
	h, _, path := invited(t)
	for i := range 30 {
		wrong, _ := papers.NewInvitationToken()
		if status, raw := h.Do("", "GET", "/api/join/"+wrong, nil); status != http.StatusNotFound || strings.Contains(string(raw), "door") {
			t.Fatalf("try %d: %d %s", i, status, raw)
		}
	}
	fronttest.Want[any](h, http.StatusTooManyRequests, "", "GET", path, nil)
	h.Advance(11 * time.Second)
	fronttest.Want[join.ReadBody](h, http.StatusOK, "", "GET", path, nil)
	fronttest.Want[any](h, http.StatusUnprocessableEntity, "", "GET", "/api/join/"+strings.Repeat("a", 65), nil)
}

// TestOneInvitationIsNotAnsweredOverAndOver with whatever somebody makes up.
func TestOneInvitationIsNotAnsweredOverAndOver(t *testing.T) {
	h, d, path := invited(t)
	for range 10 {
		fronttest.Want[any](h, http.StatusUnprocessableEntity, "", "POST", path+"/answer", map[string]any{"answer": "give"})
	}
	fronttest.Want[any](h, http.StatusTooManyRequests, "", "POST", path+"/answer", map[string]any{"answer": "refuse"})
	h.Advance(time.Minute)
	fronttest.Want[join.Settled](h, http.StatusOK, "", "POST", path+"/answer", map[string]any{"answer": "refuse"})
	if len(d.settled) != 1 {
		t.Errorf("settled %+v", d.settled)
	}
}

// TestAnInvitationIsGoodOnceAndInTime.
func TestAnInvitationIsGoodOnceAndInTime(t *testing.T) {
	h, _, path := invited(t)
	h.Advance(14 * 24 * time.Hour)
	if read := fronttest.Want[join.ReadBody](h, http.StatusOK, "", "GET", path, nil); read.State != papers.InvitationLapsed {
		t.Errorf("after a fortnight: %s", read.State)
	}
	for _, answer := range []string{"give", "refuse"} {
		if status, raw := h.Do("", "POST", path+"/answer", map[string]any{"answer": answer, "cohabitants_informed": true}); status < 400 || status >= 500 {
			t.Errorf("%s after a fortnight: %d %s", answer, status, raw)
		}
	}
	h, d, path := invited(t)
	settled := fronttest.Want[join.Settled](h, http.StatusOK, "", "POST", path+"/answer", map[string]any{"answer": "refuse"})
	if rest := settled.RestUntil.Sub(noon); rest != 90*24*time.Hour || d.settled[0].Consent.State != policy.Refused {
		t.Errorf("rests for %s, the record is %s", rest, d.settled[0].Consent.State)
	}
	fronttest.Want[any](h, http.StatusConflict, "", "POST", path+"/answer", map[string]any{"answer": "refuse"})
	if len(d.settled) != 1 {
		t.Errorf("settled %d times", len(d.settled))
	}
}

// TestAYesNamesTheNoticeInTheLanguageItWasReadIn: the English text under the
// Chinese one's hash is no notice that was shown.
func TestAYesNamesTheNoticeInTheLanguageItWasReadIn(t *testing.T) {
	h, d, path := invited(t)
	read := fronttest.Want[join.ReadBody](h, http.StatusOK, "", "GET", path, nil)
	yes := func(language, hash string, masks any) map[string]any {
		return map[string]any{
			"answer": "give", "name": "Li", "login": "li", "password": "a garden in the spring rain", "cohabitants_informed": true,
			"notice":  map[string]any{"id": read.Notice.ID, "version": read.Notice.Version, "hash": hash, "language": language},
			"choices": map[string]any{"masks": masks},
		}
	}
	en, zh := read.Notice.Texts["en"].Hash, read.Notice.Texts["zh-CN"].Hash
	fronttest.Want[any](h, http.StatusConflict, "", "POST", path+"/answer", yes("en", zh, nil))
	if status, raw := h.Do("", "POST", path+"/answer", yes("fr", en, nil)); status < 400 || status >= 500 {
		t.Errorf("a language without a text: %d %s", status, raw)
	}
	point := [2]float64{0.5, 0.5}
	long := make([][2]float64, 65)
	many := make([][][2]float64, 17)
	for i := range many {
		many[i] = [][2]float64{point, point, point}
	}
	for name, masks := range map[string]any{"a line": [][][2]float64{{point, point}}, "65 corners": [][][2]float64{long}, "17 areas": many, "outside": [][][2]float64{{{-0.1, 0}, point, point}}} {
		if status, raw := h.Do("", "POST", path+"/answer", yes("en", en, masks)); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	if len(d.settled) != 0 {
		t.Fatalf("settled %+v", d.settled)
	}
	// Masks stand in the very version that opens: nothing is shown before them.
	fronttest.Want[join.Settled](h, http.StatusOK, "", "POST", path+"/answer", yes("en", en, [][][2]float64{{{0, 0}, {0.5, 0}, {0, 0.5}}}))
	if c := d.settled[0].Consent; c.State != policy.Given || c.Device == nil || len(c.Device.Masks) != 1 || c.Notice.Language != "en" || d.settled[0].Account.Language != "en" {
		t.Errorf("given: %+v", c)
	}
}
