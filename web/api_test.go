package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"shouwang/web/front"
	"shouwang/web/session"
)

func TestOpenAPIDescribesTheWholeAPI(t *testing.T) {
	tn := newTown(t)
	raw, err := tn.server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %q", doc.OpenAPI)
	}
	for _, want := range []string{
		"post /api/session", "get /api/session", "delete /api/session", "post /api/session/password", "get /api/places", "get /api/cameras",
		"get /api/cameras/{id}", "post /api/cameras/{id}/whep", "delete /api/live/{ticket}", "get /api/cameras/{id}/live.mp4", "get /api/events",
		"post /api/events/{id}/verdict", "get /api/events/stream", "get /api/clips", "get /api/clips/{id}", "get /api/clips/{id}/media.mp4",
		"get /api/cameras/{id}/timeline", "get /api/incidents", "post /api/incidents", "post /api/incidents/{id}/close", "get /api/cases",
		"post /api/cases", "post /api/cases/{id}/close", "get /api/my/cameras", "get /api/my/consents/{id}/preview", "post /api/my/consents/{id}/pause",
		"post /api/my/consents/{id}/resume", "post /api/my/consents/{id}/give", "post /api/my/consents/{id}/withdraw",
		"get /api/my/cameras/{id}/looks", "get /api/my/receipts/{id}", "get /api/system",
	} {
		method, path, _ := strings.Cut(want, " ")
		if doc.Paths[path][method] == nil {
			t.Errorf("not described: %s", want)
		}
	}
	served, body := tn.signIn("officer:chen").do("GET", "/api/openapi.json", nil)
	if served != http.StatusOK || !strings.Contains(body, `"/api/cameras/{id}/whep"`) {
		t.Errorf("served: %d", served)
	}
	purpose := strings.Contains(string(raw), `"name":"purpose"`)
	if !purpose {
		t.Error("the purpose parameter is not described")
	}
}

func TestSignInAndOut(t *testing.T) {
	tn := newTown(t)
	nobody := &person{town: tn, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, lang: "en"}
	nobody.problem(http.StatusUnauthorized, "GET", "/api/cameras", nil)
	for range 3 {
		nobody.problem(http.StatusUnauthorized, "POST", "/api/session", map[string]string{"name": "x", "password": "y"})
	}
	resp := nobody.request(context.Background(), "POST", "/api/session", map[string]string{"name": "x", "password": "y"})
	resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("rate limit: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	chen := tn.signIn("officer:chen")
	me := get[session.Me](chen, "/api/session")
	if me.Face != "wall" || me.Name != "Chen" || me.Type != "officer" || me.MustChange {
		t.Errorf("me: %+v", me)
	}
	if status, body := chen.do("DELETE", "/api/session", nil); status != http.StatusNoContent {
		t.Errorf("sign out: %d %s", status, body)
	}
	chen.problem(http.StatusUnauthorized, "GET", "/api/session", nil)
}

func TestSessionCookieIsGuarded(t *testing.T) {
	tn := newTown(t)
	p := tn.signIn("officer:chen")
	resp := p.request(context.Background(), "GET", "/api/session", nil)
	resp.Body.Close()
	cookie := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"shouwang=", "HttpOnly", "SameSite=Strict", "Path=/", "Expires="} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie lacks %s: %s", want, cookie)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Error("Secure on plain loopback: the browser would not send it back")
	}
}

func TestFirstPasswordMustBeReplaced(t *testing.T) {
	tn := newTown(t)
	tn.people.change["officer:chen"] = true
	chen := tn.signIn("officer:chen")
	if p := chen.problem(http.StatusForbidden, "GET", "/api/cameras", nil); len(p.Reasons) != 1 || p.Reasons[0] != front.ReasonFirstPassword {
		t.Errorf("reasons: %v", p.Reasons)
	}
	if status, body := chen.do("POST", "/api/session/password", map[string]string{"old": "a", "new": "b"}); status != http.StatusOK {
		t.Fatalf("change: %d %s", status, body)
	}
	if status, _ := chen.do("GET", "/api/cameras", nil); status != http.StatusOK {
		t.Errorf("after the change: %d", status)
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	tn := newTown(t)
	li := tn.signIn("resident:li")
	for _, headers := range [][]string{{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		status, _ := li.do("POST", "/api/my/consents/c-1/withdraw", map[string]any{}, headers...)
		if status != http.StatusForbidden {
			t.Errorf("%v: %d", headers, status)
		}
	}
	if c, _ := tn.gate.World().Consent("camera:door", "public_safety"); c.Version != 1 {
		t.Error("another site withdrew the consent")
	}
}

func TestEveryAnswerIsHardened(t *testing.T) {
	tn := newTown(t)
	p := tn.signIn("officer:chen")
	for _, path := range []string{"/", "/wall", "/api/session", "/api/nothing", "/assets/none.js"} {
		resp := p.request(context.Background(), "GET", path, nil)
		resp.Body.Close()
		csp := resp.Header.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") || resp.Header.Get("X-Content-Type-Options") != "nosniff" ||
			resp.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: headers %v", path, resp.Header)
		}
	}
	resp := p.request(context.Background(), "GET", "/api/session", nil)
	resp.Body.Close()
	if resp.Header.Get("Cache-Control") != "no-store" {
		t.Error("an answer of the API may be cached")
	}
}

func TestBadInputIsAProblemWithoutTheValue(t *testing.T) {
	tn := newTown(t)
	p := tn.signIn("officer:chen")
	got := p.problem(http.StatusUnprocessableEntity, "POST", "/api/session", map[string]any{"name": "", "password": "s3cret-value", "extra": "s3cret-value"})
	if got.Code != "bad_usage" || len(got.Errors) == 0 || strings.Contains(strings.Join(got.Errors, " "), "s3cret") {
		t.Errorf("problem: %+v", got)
	}
	p.problem(http.StatusRequestEntityTooLarge, "POST", "/api/session", map[string]any{"name": strings.Repeat("x", 80<<10), "password": "p"})
}
