package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"testing"
	"time"

	"shouwang"
)

// ownPassword is what everybody in the tests chooses at the first sign-in; the
// browser stories do too.
const ownPassword = "ein-eigenes-Passwort-9"

// person is somebody signed in.
type person struct {
	base string
	http *http.Client
	lang string // Accept-Language; Chinese when empty
}

// signIn signs somebody in and replaces a first password, as the pages make
// one do.
func (h *house) signIn(t testing.TB, s *service, name string) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p := &person{base: s.http, http: &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second}}
	var me struct {
		MustChange bool `json:"must_change_password"`
	}
	p.must(t, http.MethodPost, "/api/session", map[string]string{"name": name, "password": h.passwords[name]}, &me)
	// A person added from the command line is known to a running service only
	// once it has looked at the register again, a third of a second later.
	await(t, waitShort, "the service to know who "+name+" is", func() bool {
		resp, _ := p.ask(t, http.MethodGet, "/api/session", nil)
		return resp.StatusCode == http.StatusOK
	})
	if me.MustChange {
		p.must(t, http.MethodPost, "/api/session/password", map[string]string{"old": h.passwords[name], "new": ownPassword}, nil)
		h.passwords[name] = ownPassword
	}
	return p
}

// ask sends a request and returns status, headers and body.
func (p *person) ask(t testing.TB, method, path string, body any) (*http.Response, []byte) {
	t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.base+path, in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.lang != "" {
		req.Header.Set("Accept-Language", p.lang)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp, raw
}

// must sends a request that must succeed and decodes its answer into out.
func (p *person) must(t testing.TB, method, path string, body, out any) {
	t.Helper()
	resp, raw := p.ask(t, method, path, body)
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s: %s", method, path, resp.Status, raw)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

// linkOf is what the API says of a camera.
type linkOf struct {
	ID       shouwang.CameraID `json:"id"`
	Analysis struct {
		Policy, Reason string
	} `json:"analysis"`
	Link struct {
		State, Code, Detail string
		LastUnit            time.Time `json:"last_unit"`
		Width               int
	} `json:"link"`
}

func (p *person) camera(t testing.TB, id string) linkOf {
	t.Helper()
	var c linkOf
	p.must(t, http.MethodGet, "/api/cameras/"+id, nil, &c)
	return c
}

// events returns the events of a camera, newest first.
func (p *person) events(t testing.TB, id string) []shouwang.Event {
	t.Helper()
	var out struct{ Events []shouwang.Event }
	p.must(t, http.MethodGet, "/api/events?limit=100&camera="+id, nil, &out)
	return out.Events
}

// metrics reads /metrics: names without labels, summed over them.
func (s *service) metrics(t testing.TB) map[string]float64 {
	t.Helper()
	resp, err := http.Get(s.http + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if i := strings.LastIndexByte(line, ' '); i > 0 && line[0] != '#' {
			name, _, _ := strings.Cut(line[:i], "{")
			if v, err := strconv.ParseFloat(line[i+1:], 64); err == nil {
				out[name] += v
			}
		}
	}
	if len(out) == 0 {
		t.Fatal(fmt.Errorf("/metrics is empty: %s", resp.Status))
	}
	return out
}
