package web

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/web/auth"
	"shouwang/web/cameras"
	"shouwang/web/front"
	"shouwang/web/live"
	"shouwang/web/mine"
	"shouwang/web/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// town is a small township with a real gate over it; its neighbours are kept
// in memory.
type town struct {
	t      *testing.T
	gate   *gate.Gate
	server *Server
	http   *httptest.Server
	clock  *clock
	audit  *fakeAudit
	bus    *fakeBus
	hubs   *fakeHubs
	store  *fakeStore
	render *fakeRenderer
	people *fakeAccounts
	papers *fakePapers
}

// clock stands at a Wednesday morning and runs on from there with real time.
type clock struct {
	mu    sync.Mutex
	base  time.Time
	start time.Time
}

var wednesday = time.Date(2026, 11, 18, 9, 30, 0, 0, time.FixedZone("CST", 8*3600))

func newClock() *clock { return &clock{base: wednesday, start: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Add(time.Since(c.start))
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base = c.base.Add(d)
}

func townWorld(t *testing.T) *policy.World {
	t.Helper()
	grant := func(id, cam string) *policy.Consent {
		return &policy.Consent{
			ID: id, Version: 1, Camera: cam, Purpose: "public_safety", State: policy.Given, Basis: "consent",
			Modes:     []policy.Mode{policy.ModeLive, policy.ModeIncident, policy.ModePlayback, policy.ModeExport, policy.ModeAnalytics + "motion"},
			Audiences: []string{"dispatch-centre"}, AreaScope: "township", Slots: policy.EveryHour(),
			Incident: &policy.IncidentTerms{Types: []string{"burglary", "sos"}, RadiusM: 500, MaxMinutes: 60},
			Limits:   policy.DefaultLimits(), MinObligations: []policy.ObligationID{policy.ObligeMask, policy.ObligeBlurPeople, policy.ObligeWatermark, policy.ObligeNotifyOwner},
			RetentionDays: 7, NotBefore: wednesday.AddDate(0, -1, 0), NotAfter: wednesday.AddDate(0, 6, 0),
			Device: &policy.ConsentDevice{
				Camera: cam, LegalClass: shouwang.ClassResident, Mount: "own_premises", Sign: true,
				Masks: []shouwang.Polygon{{{0, 0}, {0.5, 0}, {0.5, 0.5}, {0, 0.5}}},
			},
		}
	}
	at := policy.Position{Lat: 25.7, Lon: 103.83}
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety", "emergency"}, Audiences: []string{"dispatch-centre", "police-station"},
		Places: []shouwang.Place{
			{ID: "zhanyi", Kind: "district"},
			{ID: "lingjiao", Kind: "township", Parent: "zhanyi"},
			{ID: "baishui", Kind: "township", Parent: "zhanyi"},
			{ID: "village", Kind: "community", Parent: "lingjiao"},
			{ID: "grid-3", Kind: "grid", Parent: "village"},
			{ID: "house-12", Kind: "building", Parent: "grid-3"},
			{ID: "far-house", Kind: "building", Parent: "baishui"},
		},
		Units: []policy.Unit{{ID: "team", Name: "执法队", NameEn: "Enforcement", Kind: "department"}, {ID: "township", Name: "镇政府", NameEn: "Township"}},
		Principals: []*policy.Principal{
			{ID: "officer:chen", Type: policy.TypeOfficer, Name: "陈", NameEn: "Chen", Unit: "team", Roles: []policy.Role{policy.RoleDispatcher, policy.RoleInvestigator}, Audiences: []string{"dispatch-centre"}, Jurisdiction: "lingjiao", HomeGrid: "baishui", OnDuty: true},
			{ID: "officer:far", Type: policy.TypeOfficer, Unit: "team", Roles: []policy.Role{policy.RoleDispatcher}, Audiences: []string{"dispatch-centre"}, Jurisdiction: "baishui", HomeGrid: "lingjiao", OnDuty: true},
			{ID: "resident:li", Type: policy.TypeResident, Name: "李", Home: "house-12"},
			{ID: "resident:gao", Type: policy.TypeResident, Name: "高", Home: "far-house"},
			{ID: "kiosk:wall", Type: policy.TypeKiosk, Site: "dispatch-centre", Jurisdiction: "lingjiao", Attended: true},
			{ID: "admin:ops", Type: policy.TypeAdministrator},
		},
		Cameras: []*policy.Camera{
			{ID: "camera:door", Name: "门", NameEn: "Door", Place: "house-12", Position: at, LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true, Consents: []*policy.Consent{grant("c-1", "camera:door")}},
			{ID: "camera:gate", Name: "路口", NameEn: "Gate", Place: "grid-3", Position: at, LegalClass: shouwang.ClassPublic, Mount: "public", Owner: "unit:township", Sign: true},
			{ID: "camera:far", Place: "far-house", Position: policy.Position{Lat: 26, Lon: 104}, LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:gao", Sign: true, Consents: []*policy.Consent{grant("c-2", "camera:far")}},
		},
		Cases: []*policy.Case{{ID: "case-1", Open: true, Type: "burglary", Members: []string{"officer:chen"}, Opened: wednesday.AddDate(0, 0, -2)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func newTown(t *testing.T, change ...func(*Config, *Deps)) *town {
	t.Helper()
	tn := &town{t: t, clock: newClock(), audit: &fakeAudit{}, bus: newFakeBus(), hubs: &fakeHubs{}, render: &fakeRenderer{}, people: newFakeAccounts()}
	var err error
	if tn.gate, err = gate.NewGate(townWorld(t), tn.clock.now, gate.Options{}); err != nil {
		t.Fatal(err)
	}
	tn.store = &fakeStore{town: tn, verdicts: map[shouwang.EventID]string{}}
	log := slog.New(slog.NewTextHandler(testWriter{t}, nil))
	media, err := live.Listen(live.Config{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"}, log)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Defaults()
	cfg.TicketCheck = 200 * time.Millisecond
	deps := Deps{
		World: tn.gate.World, Gate: tn.gate, Audit: tn.audit, Accounts: tn.people, Cameras: tn.store, Hubs: tn.hubs, Renderer: tn.render,
		Media: media, Bus: tn.bus, Events: tn.store, Clips: tn.store, Footage: tn.store, Desk: tn.store, Consents: tn.store, Rooms: rooms(),
	}
	tn.papers = newFakePapers(tn)
	deps.Rooms = append(deps.Rooms, tn.papers.room())
	for _, f := range change {
		f(&cfg, &deps)
	}
	if tn.server, err = New(cfg, deps, tn.clock.now, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	stop := tn.server.Work()
	tn.http = httptest.NewServer(tn.server.Handler())
	t.Cleanup(func() {
		stop()
		tn.http.CloseClientConnections()
		tn.http.Close()
		if err := media.Close(); err != nil {
			t.Error(err)
		}
	})
	return tn
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// person is a browser of somebody who signed in.
type person struct {
	town   *town
	client *http.Client
	lang   string
}

func (tn *town) signIn(principal string) *person {
	tn.t.Helper()
	jar, _ := cookiejar.New(nil)
	p := &person{town: tn, client: &http.Client{Jar: jar, Transport: &http.Transport{}}, lang: "en"}
	tn.t.Cleanup(p.client.CloseIdleConnections)
	status, body := p.do("POST", "/api/session", map[string]string{"name": principal, "password": "right horse"})
	if status != http.StatusOK {
		tn.t.Fatalf("sign in %s: %d %s", principal, status, body)
	}
	return p
}

func (p *person) request(ctx context.Context, method, path string, body any, headers ...string) *http.Response {
	p.town.t.Helper()
	var r io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		r, kind = strings.NewReader(b), "application/sdp"
	default:
		raw, _ := json.Marshal(b)
		r = strings.NewReader(string(raw))
	}
	req, err := http.NewRequestWithContext(ctx, method, p.town.http.URL+path, r)
	if err != nil {
		p.town.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept-Language", p.lang)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.town.t.Fatal(err)
	}
	return resp
}

func (p *person) do(method, path string, body any, headers ...string) (int, string) {
	p.town.t.Helper()
	resp := p.request(context.Background(), method, path, body, headers...)
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

// get decodes an answer that must be 200.
func get[T any](p *person, path string) (out T) {
	p.town.t.Helper()
	status, body := p.do("GET", path, nil)
	if status != http.StatusOK {
		p.town.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		p.town.t.Fatal(err)
	}
	return out
}

// problem decodes an answer that must be a problem with the status given.
func (p *person) problem(status int, method, path string, body any) front.Problem {
	p.town.t.Helper()
	resp := p.request(context.Background(), method, path, body)
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	var out front.Problem
	if resp.StatusCode != status || json.Unmarshal(raw, &out) != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
		p.town.t.Fatalf("%s %s: want problem %d, got %d %s %s", method, path, status, resp.StatusCode, resp.Header.Get("Content-Type"), raw)
	}
	return out
}

// fakeAudit keeps entries in memory; broken makes it fail.
type fakeAudit struct {
	mu      sync.Mutex
	entries []policy.Entry
	broken  error
	before  func(policy.Entry)
}

func (a *fakeAudit) Append(_ context.Context, e policy.Entry) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return 0, a.broken
	}
	if a.before != nil {
		a.before(e)
	}
	a.entries = append(a.entries, e)
	return uint64(len(a.entries) - 1), nil
}

func (a *fakeAudit) kinds() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.entries {
		out = append(out, e.Kind)
	}
	return out
}

// about returns what concerns a camera, newest first.
func (a *fakeAudit) about(camera string, span shouwang.Span) (out []policy.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range slices.Backward(a.entries) {
		if e.Camera == camera && span.Contains(e.At) {
			out = append(out, e)
		}
	}
	return out
}

func (a *fakeAudit) find(kind string) (out []policy.Entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.entries {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// fakeBus keeps every message; ids are 1, 2, ….
type fakeBus struct {
	mu   sync.Mutex
	list []shouwang.Message
	more chan struct{}
}

func newFakeBus() *fakeBus { return &fakeBus{more: make(chan struct{})} }

func (b *fakeBus) Publish(_ context.Context, topic shouwang.Topic, body any) (string, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := shouwang.Message{ID: strconv.Itoa(len(b.list) + 1), Topic: topic, Body: raw}
	b.list = append(b.list, m)
	close(b.more)
	b.more = make(chan struct{})
	return m.ID, nil
}

func (b *fakeBus) Read(_ context.Context, topics []shouwang.Topic, after string) (shouwang.MessageReader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := len(b.list)
	if after != "" {
		n, err := strconv.Atoi(after)
		if err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadUsage, "no such id")
		}
		at = n
	}
	return &fakeReader{bus: b, at: at, topics: topics, closed: make(chan struct{})}, nil
}

type fakeReader struct {
	bus    *fakeBus
	at     int
	topics []shouwang.Topic
	closed chan struct{}
	once   sync.Once
}

func (r *fakeReader) Next(ctx context.Context) (shouwang.Message, error) {
	for {
		r.bus.mu.Lock()
		for r.at < len(r.bus.list) {
			m := r.bus.list[r.at]
			r.at++
			for _, topic := range r.topics {
				if m.Topic == topic {
					r.bus.mu.Unlock()
					return m, nil
				}
			}
		}
		more := r.bus.more
		r.bus.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return shouwang.Message{}, ctx.Err()
		case <-r.closed:
			return shouwang.Message{}, io.ErrClosedPipe
		}
	}
}

func (r *fakeReader) Close() error { r.once.Do(func() { close(r.closed) }); return nil }

// fakeAccounts lets every principal in with the password "right horse".
type fakeAccounts struct {
	mu       sync.Mutex
	sessions map[string]auth.Session
	tries    int
	change   map[string]bool
}

func newFakeAccounts() *fakeAccounts {
	return &fakeAccounts{sessions: map[string]auth.Session{}, change: map[string]bool{}}
}

func (a *fakeAccounts) SignIn(_ context.Context, name, password, _ string) (string, auth.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if password != "right horse" {
		if a.tries++; a.tries > 3 {
			return "", auth.Session{}, tooMany{}
		}
		return "", auth.Session{}, shouwang.Errorf(shouwang.CodeUnauthenticated, "the name or the password is wrong")
	}
	token := front.NewID("token")
	a.sessions[token] = auth.Session{ID: token[len(token)-6:], Principal: name, MustChange: a.change[name], Expires: time.Now().Add(time.Hour)}
	return token, a.sessions[token], nil
}

type tooMany struct{}

func (tooMany) Error() string             { return "too many" }
func (tooMany) RetryAfter() time.Duration { return 1500 * time.Millisecond }
func (tooMany) Unwrap() error {
	return shouwang.Errorf(shouwang.CodeRateLimited, "too many tries: wait and try again")
}

func (a *fakeAccounts) Session(_ context.Context, token string) (auth.Session, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[token]
	if !ok {
		return s, shouwang.Errorf(shouwang.CodeUnauthenticated, "sign in again")
	}
	return s, nil
}

func (a *fakeAccounts) SignOut(_ context.Context, token string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sessions, token)
	return nil
}

func (a *fakeAccounts) SetPassword(_ context.Context, token, _, _ string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sessions[token]
	delete(a.sessions, token)
	s.MustChange = false
	a.sessions[token+"x"] = s
	return token + "x", nil
}

// fakeStore is the catalog, the desk, the consents and the cameras.
type fakeStore struct {
	town     *town
	mu       sync.Mutex
	events   []StoredEvent
	clips    []StoredClip
	verdicts map[shouwang.EventID]string
	units    []*shouwang.AccessUnit
	file     []byte
	opened   int
	receipts map[string]mine.Receipt
}

func (f *fakeStore) Camera(shouwang.CameraID) (shouwang.Camera, bool) {
	return shouwang.Camera{}, false
}
func (f *fakeStore) Analysis(shouwang.CameraID) cameras.Analysis {
	return cameras.Analysis{Policy: "track"}
}
func (f *fakeStore) Status() []shouwang.StreamStatus {
	return []shouwang.StreamStatus{{Camera: "door", Stream: shouwang.StreamMain, State: shouwang.LinkLive, Codec: "h264", Offset: 250 * time.Millisecond}}
}

func (f *fakeStore) Events(_ context.Context, q EventQuery) (out []StoredEvent, err error) {
	for _, e := range f.events {
		if q.Camera == "" || e.Camera == q.Camera {
			out = append(out, e)
		}
	}
	return out, nil
}

func (f *fakeStore) Event(_ context.Context, id shouwang.EventID) (StoredEvent, error) {
	for _, e := range f.events {
		if e.ID == id {
			return e, nil
		}
	}
	return StoredEvent{}, shouwang.Errorf(shouwang.CodeNotFound, "no event")
}

func (f *fakeStore) SetVerdict(_ context.Context, id shouwang.EventID, verdict, _ string) error {
	f.verdicts[id] = verdict
	return nil
}

func (f *fakeStore) Clips(_ context.Context, q ClipQuery) (out []StoredClip, err error) {
	for _, c := range f.clips {
		if (q.Camera == "" || c.Camera == q.Camera) && (q.Event == "" || c.Event == q.Event) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (f *fakeStore) ClipsOf(_ context.Context, events []shouwang.EventID) (map[shouwang.EventID]shouwang.ClipID, error) {
	out := map[shouwang.EventID]shouwang.ClipID{}
	for _, c := range f.clips {
		if c.Event != "" && slices.Contains(events, c.Event) {
			out[c.Event] = c.ID
		}
	}
	return out, nil
}

func (f *fakeStore) Clip(_ context.Context, id shouwang.ClipID) (StoredClip, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.clips {
		if c.ID == id {
			return c, nil
		}
	}
	return StoredClip{}, shouwang.Errorf(shouwang.CodeNotFound, "no clip")
}

func (f *fakeStore) Timeline(context.Context, shouwang.CameraID, shouwang.Span) ([]Recorded, []shouwang.Gap, error) {
	return []Recorded{{Bytes: 7, State: "stored"}}, nil, nil
}

type nopFile struct{ *strings.Reader }

func (nopFile) Close() error { return nil }

func (f *fakeStore) File(_ context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (File, error) {
	if !g.Covers(policy.Playback, camera, span.From) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "the grant does not cover it")
	}
	f.opened++
	return nopFile{strings.NewReader(string(f.file))}, nil
}

func (f *fakeStore) Units(_ context.Context, g gate.Grant, camera shouwang.CameraID, span shouwang.Span) (watch.Units, error) {
	if !g.Covers(policy.Playback, camera, span.From) {
		return nil, shouwang.Errorf(shouwang.CodeDenied, "the grant does not cover it")
	}
	f.opened++
	return &listUnits{list: f.units}, nil
}

type listUnits struct{ list []*shouwang.AccessUnit }

func (l *listUnits) Next(context.Context) (*shouwang.AccessUnit, error) {
	if len(l.list) == 0 {
		return nil, io.EOF
	}
	au := l.list[0]
	l.list = l.list[1:]
	return au, nil
}

func (l *listUnits) Close() {}

func (f *fakeStore) PutCase(_ context.Context, _ string, c *policy.Case) error {
	return f.town.gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithCase(c), nil })
}

func (f *fakeStore) PutIncident(_ context.Context, _ string, i *policy.Incident) error {
	return f.town.gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithIncident(i), nil })
}

func (f *fakeStore) Append(_ context.Context, next *policy.Consent) (mine.Receipt, error) {
	err := f.town.gate.Update(func(w *policy.World) (*policy.World, error) { return w.WithConsent(next) })
	if next.State == policy.Withdrawn {
		f.mu.Lock()
		for i := range f.clips {
			if policy.CameraResource(f.clips[i].Camera) == next.Camera {
				f.clips[i].Keys = policy.KeyShredded
			}
		}
		f.mu.Unlock()
	}
	r := mine.Receipt{ID: front.NewID("rc"), At: f.town.clock.now(), Camera: next.Camera, Consent: next.Ref(), State: string(next.State), RecordHash: next.RecordHash}
	if f.receipts == nil {
		f.receipts = map[string]mine.Receipt{}
	}
	f.receipts[r.ID] = r
	return r, err
}

func (f *fakeStore) Erasable(context.Context, shouwang.CameraID) (int, int64, error) {
	return len(f.clips), 4096, nil
}

func (f *fakeStore) Receipt(_ context.Context, id string) (mine.Receipt, error) {
	r, ok := f.receipts[id]
	if !ok {
		return r, shouwang.Errorf(shouwang.CodeNotFound, "no receipt")
	}
	return r, nil
}

// eventually waits for a condition, 5 s at most.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen within 5 s: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func ciOrSkip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SHOUWANG_CI") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}
