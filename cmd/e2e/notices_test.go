package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"shouwang/ingest/camsim"
)

// TestNoticesReachPeople runs the service with a real mail server and a real
// webhook. A resident gives an address, reads that the agreement ends, that
// somebody looked, and that a withdrawal is carried out, each once; the last
// waits while the mail server is closed and the service dies. Staff learn of a
// camera that is away, and that a mailbox of theirs does not exist.
func TestNoticesReachPeople(t *testing.T) {
	t.Parallel()
	office, hook := openPostOffice(t), openHook(t)
	sim := cameras(t, map[string]camsim.Camera{"street": {Clips: []*camsim.Clip{reel(t, busy(31))}}})
	h := build(t, []cam{
		{ID: "door-17", Name: "李家门口", URL: sim.URL("street"), Resident: true, Rolling: true, Ending: true},
		{ID: "gate-gone", Name: "东入口", URL: "rtsp://127.0.0.1:1/gone"},
	}, settings{"notices": fmt.Sprintf("  public_url: https://shouwang.example\n  after: 2s\n  every: 1s\n  mail: {server: %q, tls: none, from: shouwang@town.example}\n"+
		"  staff: {mail: [ops@town.example, gone@town.example], webhook: %q, secret_file: %q}\n", office.address, hook.url, hook.secretFile)})
	s := h.start(t)
	li, chen := h.signIn(t, s, "li"), h.signIn(t, s, "chen")
	n := &neighbour{t: t, office: office, li: li}
	n.subscribe()

	alarm := office.wait(time.Minute, "ops@town.example", "守望")
	t.Logf("to staff: %s\n%s", alarm.subject, alarm.text)
	await(t, time.Minute, "the webhook to tell of the camera that is away", func() bool { many, _ := hook.told("cameras_offline", "东入口"); return many > 0 })
	if many, signed := hook.told("cameras_offline", "东入口"); many != 1 || !signed {
		t.Errorf("told %d times, signed %v", many, signed)
	}
	h.refusalsAreTold(t, s)

	renew := n.reads(time.Minute, "到期")
	if !strings.Contains(renew.text, "https://shouwang.example/my") {
		t.Errorf("the renewal's letter leads nowhere: %s", renew.text)
	}
	li.lang = "en"
	li.must(t, http.MethodPut, "/api/my/mail/looks", map[string]string{"looks": "once"}, nil)
	var opened struct{ ID string }
	chen.must(t, http.MethodPost, "/api/cases", map[string]string{"type": "theft", "title": "a bicycle"}, &opened)
	leave := &leaving{t: t, h: h, chen: chen, li: li, camera: "door-17", inCase: opened.ID}
	await(t, time.Minute, "pictures of the door", func() bool { return chen.camera(t, "door-17").Link.Width > 0 })
	view := leave.watch()
	if looked := n.reads(2*time.Minute, "looked at"); !strings.Contains(looked.text, "1 by Enforcement team") || strings.Contains(looked.text, "Chen") {
		t.Errorf("the look's letter: %s", looked.text)
	}

	office.close(true)
	li.must(t, http.MethodPost, "/api/my/consents/"+leave.consent()+"/withdraw", nil, nil)
	view.wait(t)
	await(t, time.Minute, "the withdrawal's letter to wait", func() bool { return s.metrics(t)["shouwang_notices_waiting"] > 0 })
	s.kill()
	if got := office.of(home, "withdrawal"); len(got) != 0 {
		t.Fatalf("it came through a closed door: %+v", got)
	}
	office.close(false)
	s = h.start(t)
	n.receipt(h)
	await(t, time.Minute, "nothing to wait any more", func() bool { return s.metrics(t)["shouwang_notices_waiting"] == 0 })
	s.stop(t)
	for _, about := range []string{"验证码", "到期", "looked at", "withdrawal"} {
		if got := office.of(home, about); len(got) != 1 {
			t.Errorf("%d letters about %q, want one: %+v", len(got), about, got)
		}
	}
	h.check(t)
}

// home is where the resident wants mail.
const home = "li@home.example"

// neighbour is the resident and their letter box.
type neighbour struct {
	t      *testing.T
	office *postOffice
	li     *person
}

// subscribe gives the address and shows the code that was sent there.
func (n *neighbour) subscribe() {
	n.t.Helper()
	n.li.must(n.t, http.MethodPut, "/api/my/mail/address", map[string]string{"address": home}, nil)
	code := regexp.MustCompile(`\d{8}`).FindString(n.reads(time.Minute, "验证码").text)
	n.li.must(n.t, http.MethodPost, "/api/my/mail/confirm", map[string]string{"code": code}, nil)
}

func (n *neighbour) reads(limit time.Duration, about string) letter {
	n.t.Helper()
	l := n.office.wait(limit, home, about)
	n.t.Logf("to the resident: %s\n%s", l.subject, l.text)
	return l
}

// receipt reads the letter of the withdrawal and has the command line check the
// receipt in it, pasted with all the words around it.
func (n *neighbour) receipt(h *house) {
	n.t.Helper()
	l := n.reads(2*time.Minute, "withdrawal")
	r := command(n.t, strings.NewReader(l.text), "receipt", "verify", "-", "--key", h.readKeyLine(n.t), "--json")
	if r.code != 0 || !strings.Contains(r.out, `"State":"withdrawn"`) || !strings.Contains(r.out, `"Camera":"camera:door-17"`) {
		n.t.Errorf("the receipt in the letter: exit %d: %s%s", r.code, r.out, r.err)
	}
}

// refusalsAreTold waits until the administrator's page says of the mailbox that
// does not exist what the mail server said, and not whose it is.
func (h *house) refusalsAreTold(t *testing.T, s *service) {
	t.Helper()
	ops := h.signIn(t, s, "ops")
	var out struct {
		Facts struct {
			Notices struct {
				Ways []struct {
					Way     string
					Sent    time.Time
					Failing time.Time
				}
				GivenUp []struct{ Way, Kind, Why string } `json:"given_up"`
			}
		}
	}
	await(t, time.Minute, "the refused mailbox on the system page", func() bool {
		ops.must(t, http.MethodGet, "/api/system/health", nil, &out)
		return len(out.Facts.Notices.GivenUp) > 0
	})
	if g := out.Facts.Notices.GivenUp[0]; g.Way != "mail" || g.Kind != "trouble" || !strings.Contains(g.Why, "nobody by that name") || strings.Contains(g.Why, "town.example") {
		t.Errorf("given up: %+v", g)
	}
	if w := out.Facts.Notices.Ways; len(w) != 2 || w[0].Way != "mail" || w[0].Sent.IsZero() || !w[0].Failing.IsZero() {
		t.Errorf("ways out: %+v", w)
	}
}
