package registry_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	_ "modernc.org/sqlite"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, path string) *registry.Registry {
	t.Helper()
	r, err := registry.Open(t.Context(), registry.Config{Path: path, Clock: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func fresh(t *testing.T) (*registry.Registry, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a folder with ? and #", "registry.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	return open(t, path), path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code shouwang.Code) {
	t.Helper()
	if shouwang.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %s", err, code)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has more than one line: %q", err)
	}
}

const secretURL = "rtsp://admin:hunter2-of-the-camera@192.168.7.9:554/Streaming/101"

var door = registry.Camera{
	NameEn: "Door", Camera: shouwang.Camera{
		ID: "door-17", Name: "李家门口", Place: "house-12", Position: shouwang.Position{Lat: 25.7, Lon: 103.8},
		Class: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true,
		Sources: []shouwang.Source{{Kind: shouwang.StreamMain, URL: secretURL}, {Kind: shouwang.StreamSub, Push: true}},
		Masks:   []shouwang.Polygon{{{0, 0}, {0.5, 0}, {0.5, 0.5}}},
	},
}

// seed fills in a street with a resident, an officer and a camera.
func seed(t *testing.T, r *registry.Registry) {
	t.Helper()
	ctx := t.Context()
	must(t, r.SetTown(ctx, registry.Town{Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Audiences: []string{"dispatch-centre"}}))
	must(t, r.PutPlaces(ctx, shouwang.Place{ID: "lingjiao", Kind: "township"}, shouwang.Place{ID: "house-12", Kind: "building", Parent: "lingjiao"}))
	must(t, r.PutPrincipal(ctx, policy.Principal{ID: "resident:li", Type: policy.TypeResident, Name: "李", Home: "house-12"}))
	must(t, r.PutPrincipal(ctx, policy.Principal{ID: "officer:chen", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "lingjiao"}))
	must(t, r.PutCamera(ctx, door))
}

func consent(version int, state policy.ConsentState) *policy.Consent {
	return &policy.Consent{
		ID: "c-17", Version: version, Camera: "camera:door-17", Purpose: "public_safety", State: state,
		Slots: policy.DailyHours(6, 23), NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(1000 * time.Hour),
	}
}

func world(t *testing.T, r *registry.Registry) *policy.World {
	t.Helper()
	w, err := r.World(t.Context())
	must(t, err)
	return w
}

// dump is everything the database holds, as text: for comparing.
func dump(t *testing.T, w *policy.World) string {
	t.Helper()
	return toJSON(t, w.Data())
}

// eventually waits for the watch to bring about what the check asks for.
func eventually(t *testing.T, changed <-chan struct{}, check func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for !check() {
		select {
		case <-changed:
		case <-deadline:
			t.Fatal("waited five seconds in vain")
		}
	}
}

func TestWorldIsKeptOverRestart(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	ctx := t.Context()
	must(t, r.PutUnit(ctx, policy.Unit{ID: "township", Name: "乡政府"}))
	must(t, r.AppendConsent(ctx, consent(1, policy.Requested)))
	must(t, r.AppendConsent(ctx, consent(2, policy.Given)))
	must(t, r.PutCase(ctx, policy.Case{ID: "case-1", Open: true, Type: "theft", Members: []string{"officer:chen"}, Opened: noon}))
	must(t, r.PutIncident(ctx, policy.Incident{ID: "inc-1", Type: "fire", From: noon, To: noon.Add(time.Hour)}))
	must(t, r.PutOrder(ctx, policy.Order{ID: "order-1", Cameras: []string{"camera:door-17"}}))
	must(t, r.PutSubjectRequest(ctx, policy.SubjectRequest{ID: "sr-1", Subject: "resident:li"}))
	must(t, r.PutFootage(ctx, policy.Footage{ID: "footage:1", Camera: "camera:door-17", From: noon, To: noon.Add(time.Minute), KeyState: policy.KeyLive}))
	must(t, r.PutHold(ctx, policy.Hold{
		ID: "hold-1", Case: "case-1", Camera: "camera:door-17", From: noon, To: noon.Add(time.Minute),
		PlacedBy: "officer:chen", ApprovedBy: "officer:hu", Placed: noon, Until: noon.Add(24 * time.Hour),
	}))
	must(t, r.SetDuty(ctx, "officer:chen", true))
	before := dump(t, world(t, r))
	must(t, r.Close())

	again := open(t, path)
	if after := dump(t, world(t, again)); after != before {
		t.Errorf("the world changed over a restart:\n%s\n%s", before, after)
	}
	w := world(t, again)
	if c, ok := w.Consent("camera:door-17", "public_safety"); !ok || c.Version != 2 || c.State != policy.Given {
		t.Errorf("consent: %+v", c)
	}
	if p, _ := w.Principal("officer:chen"); !p.OnDuty {
		t.Error("the officer is not on duty")
	}
	versions, err := again.Consents(ctx, "c-17")
	if err != nil || len(versions) != 2 || versions[0].State != policy.Requested {
		t.Errorf("versions: %v, %v", versions, err)
	}
	cameras, err := again.Cameras(ctx)
	if err != nil || len(cameras) != 1 || toJSON(t, cameras[0]) != toJSON(t, door) {
		t.Errorf("cameras: %s, %v", toJSON(t, cameras), err)
	}
}

func TestNothingSecretLiesInClear(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	token, err := r.NewPublishToken(t.Context(), "door-17")
	must(t, err)
	totp := []byte("a second factor's key")
	must(t, r.AddAccount(t.Context(), shouwang.Account{Name: "chen", Principal: "officer:chen", PasswordHash: "x", TOTPSecret: totp, TOTPPending: totp}))
	must(t, r.Close())
	files, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(files) < 2 {
		t.Fatalf("only %d files: the test looks in the wrong place", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s may be read by others: %v", f.Name(), info.Mode())
		}
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(path), f.Name()))
		must(t, err)
		for _, secret := range []string{"hunter2", "192.168.7.9", token, string(totp)} {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s holds %q in clear", f.Name(), secret)
			}
		}
	}
}

func TestPublishToken(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	ctx := t.Context()
	check := func(id shouwang.CameraID, token string, want bool) {
		t.Helper()
		if ok, err := r.CheckPublishToken(ctx, id, token); err != nil || ok != want {
			t.Errorf("token %q for %s: %v, %v", token, id, ok, err)
		}
	}
	check("door-17", "", false)
	first, err := r.NewPublishToken(ctx, "door-17")
	must(t, err)
	check("door-17", first, true)
	check("door-17", first+"x", false)
	check("gate-21", first, false)
	must(t, r.EditCamera(ctx, "door-17", func(c *registry.Camera) error { c.Name = "门"; return nil }))
	check("door-17", first, true)
	second, err := r.NewPublishToken(ctx, "door-17")
	must(t, err)
	check("door-17", first, false)
	check("door-17", second, true)
	must(t, r.RemoveCamera(ctx, "door-17"))
	check("door-17", second, false)
	_, err = r.NewPublishToken(ctx, "door-17")
	wantCode(t, err, shouwang.CodeNotFound)
}

func TestCameraRefusals(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	before := dump(t, world(t, r))
	for name, spoil := range map[string]func(*registry.Camera){
		"two mains": func(c *registry.Camera) {
			c.Sources = []shouwang.Source{{Kind: "main", Push: true}, {Kind: "main", URL: "rtsp://x"}}
		},
		"neither":        func(c *registry.Camera) { c.Sources = []shouwang.Source{{Kind: "main"}} },
		"both":           func(c *registry.Camera) { c.Sources = []shouwang.Source{{Kind: "main", Push: true, URL: "rtsp://x"}} },
		"unknown stream": func(c *registry.Camera) { c.Sources = []shouwang.Source{{Kind: "third", Push: true}} },
		"another id":     func(c *registry.Camera) { c.ID = "door-18" },
	} {
		err := r.EditCamera(t.Context(), "door-17", func(c *registry.Camera) error { spoil(c); return nil })
		if shouwang.CodeOf(err) != shouwang.CodeBadUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := door
	bad.Mount = "public"
	wantCode(t, r.PutCamera(t.Context(), bad), shouwang.CodeDenied)
	bad = door
	bad.ID = "Door 17"
	wantCode(t, r.PutCamera(t.Context(), bad), shouwang.CodeBadConfig)
	bad = door
	bad.Place = "nowhere"
	wantCode(t, r.PutCamera(t.Context(), bad), shouwang.CodeBadConfig)
	wantCode(t, r.RemoveCamera(t.Context(), "nobody"), shouwang.CodeNotFound)
	_, err := r.Camera(t.Context(), "nobody")
	wantCode(t, err, shouwang.CodeNotFound)
	if after := dump(t, world(t, r)); after != before {
		t.Errorf("a refused change left a trace:\n%s\n%s", before, after)
	}
}

func TestOtherProcessIsSeen(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	changed := r.Watch(t.Context())
	other := open(t, path)
	if a, b := dump(t, world(t, r)), dump(t, world(t, other)); a != b {
		t.Fatalf("two processes see two worlds:\n%s\n%s", a, b)
	}
	must(t, other.AppendConsent(t.Context(), consent(1, policy.Given)))
	start := time.Now()
	eventually(t, changed, func() bool { _, ok := world(t, r).Consent("camera:door-17", "public_safety"); return ok })
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("another process's change was seen after %v", took)
	}
	// A writer that has not polled yet still builds on the newest data.
	must(t, r.AppendConsent(t.Context(), consent(2, policy.Withdrawn)))
	must(t, other.AppendConsent(t.Context(), consent(3, policy.Given)))
	if c, _ := world(t, other).Consent("camera:door-17", "public_safety"); c.Version != 3 {
		t.Errorf("other's world has version %d", c.Version)
	}
}

func TestSessionsWakeNobody(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	must(t, r.AddAccount(t.Context(), shouwang.Account{Name: "chen", Principal: "officer:chen"}))
	other := open(t, path)
	changed := other.Watch(t.Context())
	before := world(t, other)
	must(t, r.AddSession(t.Context(), shouwang.Session{Hash: "h", Account: "chen", Created: noon, Seen: noon}))
	must(t, r.SetDuty(t.Context(), "officer:chen", true)) // to know when the poll has passed
	eventually(t, changed, func() bool { return world(t, other) != before })
	select {
	case <-changed:
		t.Error("a session was told as a change")
	default:
	}
}

func TestWatchEnds(t *testing.T) {
	r, _ := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	byContext, byClose := r.Watch(ctx), r.Watch(t.Context())
	must(t, r.PutUnit(t.Context(), policy.Unit{ID: "a"}))
	must(t, r.PutUnit(t.Context(), policy.Unit{ID: "b"})) // comes as one with the first
	<-byContext
	cancel()
	for range byContext {
	}
	must(t, r.Close())
	for range byClose {
	}
	if _, ok := <-r.Watch(t.Context()); ok {
		t.Error("a closed registry still tells of changes")
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	open := func(cfg registry.Config) error {
		r, err := registry.Open(t.Context(), cfg)
		if err == nil {
			_ = r.Close()
		}
		return err
	}
	wantCode(t, open(registry.Config{Path: filepath.Join(t.TempDir(), "missing", "registry.db")}), shouwang.CodeDataUnreadable)

	r, path := fresh(t)
	seed(t, r)
	must(t, r.Close())
	secret := filepath.Join(filepath.Dir(path), "secret.key")
	kept, err := os.ReadFile(secret)
	must(t, err)

	must(t, os.Remove(secret))
	wantCode(t, open(registry.Config{Path: path}), shouwang.CodeDataUnreadable)
	if _, err := os.Stat(secret); err == nil {
		t.Error("a lost key was silently replaced")
	}
	must(t, os.WriteFile(secret, []byte("too short\n"), 0o600))
	wantCode(t, open(registry.Config{Path: path}), shouwang.CodeDataUnreadable)
	must(t, os.WriteFile(secret, kept, 0o600))
	must(t, os.Chmod(secret, 0o644))
	wantCode(t, open(registry.Config{Path: path}), shouwang.CodeDataUnreadable)

	must(t, os.WriteFile(secret, []byte(strings.Repeat("ab", 32)), 0o600))
	must(t, os.Chmod(secret, 0o600))
	wrong, err := registry.Open(t.Context(), registry.Config{Path: path})
	must(t, err)
	defer func() { _ = wrong.Close() }()
	_, err = wrong.Cameras(t.Context())
	wantCode(t, err, shouwang.CodeDataUnreadable)

	garbage := filepath.Join(t.TempDir(), "registry.db")
	must(t, os.WriteFile(garbage, []byte("not a database, but long enough to be looked at as one"), 0o600))
	must(t, os.WriteFile(filepath.Join(filepath.Dir(garbage), "secret.key"), kept, 0o600))
	wantCode(t, open(registry.Config{Path: garbage}), shouwang.CodeDataUnreadable)
}
