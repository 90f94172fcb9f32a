package onboard_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
	"shouwang/web/onboard"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

// field is a network with one good camera on it.
type field struct {
	looked []string
	seen   onboard.Seen
}

func (f *field) Look(_ context.Context, url string) (onboard.Seen, error) {
	f.looked = append(f.looked, url)
	switch {
	case strings.Contains(url, "wrong"):
		return onboard.Seen{}, shouwang.Errorf(shouwang.CodeWrongPassword, "no")
	case strings.Contains(url, "nowhere"):
		return onboard.Seen{}, shouwang.Errorf(shouwang.CodeUnreachable, "camera does not answer: check that it is switched on")
	}
	return f.seen, nil
}

func (f *field) Discover(context.Context) ([]onboard.Device, error) { return nil, nil }

func (f *field) Profiles(_ context.Context, l onboard.Login) ([]onboard.Profile, time.Duration, error) {
	return []onboard.Profile{{Name: "sub", URL: "rtsp://10.0.0.9/sub"}}, time.Hour, nil
}

func (f *field) SetEncoder(_ context.Context, _ onboard.Login, want onboard.Encoder) (onboard.Encoder, error) {
	want.FPS = 5
	return want, nil
}
func (f *field) Factory(user, password string) bool { return user == "admin" && password == "12345" }

// book is the register.
type book struct {
	cameras []onboard.Camera
	newest  func() *policy.World
	// proposed is what was handed to the oversight.
	proposed desk
}

func (b *book) Cameras(context.Context) ([]onboard.Camera, error) {
	return slices.Clone(b.cameras), nil
}

func (b *book) Put(ctx context.Context, c onboard.Camera, allow func(*policy.World) error) error {
	if err := policy.CheckOnboarding(c.Class, c.Mount); err != nil {
		return err
	}
	if err := allow(b.newest()); err != nil {
		return err
	}
	_ = b.Remove(ctx, c.ID)
	b.cameras = append(b.cameras, c)
	return nil
}

func (b *book) Remove(_ context.Context, id shouwang.CameraID) error {
	n := len(b.cameras)
	b.cameras = slices.DeleteFunc(b.cameras, func(c onboard.Camera) bool { return c.ID == id })
	if len(b.cameras) == n {
		return shouwang.Errorf(shouwang.CodeNotFound, "none")
	}
	return nil
}

func (b *book) NewPublishToken(context.Context, shouwang.CameraID) (string, error) {
	return "token-1", nil
}

func house(t *testing.T) (*fronttest.House, *field, *book) {
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"},
		Places: []shouwang.Place{{ID: "town", Kind: "township"}},
		Principals: []*policy.Principal{
			{ID: "admin:ops", Type: policy.TypeAdministrator},
			{ID: "resident:li", Type: policy.TypeResident},
			{ID: "officer:chen", Type: policy.TypeOfficer, Roles: []policy.Role{policy.RoleDispatcher}, Jurisdiction: "town", OnDuty: true},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &field{seen: onboard.Seen{Codec: "H.264", Width: 1920, Height: 1080, FPS: 25, Kbps: 4000, GOP: 4, ClockKnown: true, ClockOffset: -7}}
	b := &book{}
	h := fronttest.Open(t, fronttest.Options{World: w, At: noon})
	b.newest = h.Gate.World
	h.Add(onboard.Routes(onboard.Deps{Field: f, Register: b, Proposals: &b.proposed, Status: func() []shouwang.StreamStatus {
		return []shouwang.StreamStatus{{Camera: "gate", Stream: shouwang.StreamMain, State: shouwang.LinkLive}}
	}}))
	return h, f, b
}

func setup(url string) map[string]any {
	return map[string]any{
		"name": "门口", "place": "town", "position": map[string]float64{"lat": 25.7, "lon": 103.8}, "legal_class": "resident", "mount": "own_premises",
		"owner": "resident:li", "sign": true, "sources": []map[string]any{{"kind": "main", "url": url}},
	}
}

type saved struct {
	Camera   onboard.Setup           `json:"camera"`
	Seen     map[string]onboard.Seen `json:"seen"`
	Findings []onboard.Finding       `json:"findings"`
}

func codes(list []onboard.Finding) (out []string) {
	for _, f := range list {
		out = append(out, f.Code)
	}
	return out
}

// TestTheWrongPasswordThenTheRightOne is a technician's afternoon.
func TestTheWrongPasswordThenTheRightOne(t *testing.T) {
	h, f, b := house(t)
	p := fronttest.Want[front.Problem](h, 422, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://li:wrong@10.0.0.9/main"))
	if p.Code != shouwang.CodeWrongPassword || strings.Contains(p.Detail, "wrong@") || !strings.Contains(p.Text, "refuses this name or password") {
		t.Errorf("wrong password: %+v", p)
	}
	p = fronttest.Want[front.Problem](h, 403, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://admin:12345@10.0.0.9/main"))
	if !strings.Contains(p.Detail, "set another") || !strings.Contains(p.Text, "delivered with") || len(f.looked) != 1 {
		t.Errorf("factory password: %+v; looked at %v", p, f.looked)
	}
	fronttest.Want[front.Problem](h, 403, "admin:ops", "PUT", "/api/onboard/cameras/gate?untested=true", setup("rtsp://admin:12345@10.0.0.9/main"))
	fronttest.Want[front.Problem](h, 422, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://li:s3cret-phrase@nowhere/main"))
	if len(b.cameras) != 0 {
		t.Fatal("something was saved")
	}
	got := fronttest.Want[saved](h, 200, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://li:s3cret-phrase@10.0.0.9/main"))
	if want := []string{onboard.FindClockOff, onboard.FindLongGOP, onboard.FindHeavy}; !slices.Equal(codes(got.Findings), want) {
		t.Errorf("findings %v, want %v", codes(got.Findings), want)
	}
	if got.Camera.Sources[0].URL != "rtsp://10.0.0.9/main" || got.Camera.Sources[0].Link == nil || got.Camera.Sources[0].Link.State != shouwang.LinkLive {
		t.Errorf("%+v", got.Camera.Sources[0])
	}
	if log := h.Log.Of("setup"); len(log) != 1 || log[0].Kind != "setup" || log[0].Camera != "camera:gate" || log[0].Detail != "added" {
		t.Errorf("logged %+v", log)
	}
}

// TestAnAddressSentBackKeepsItsPassword: pages never get it, and need not.
func TestAnAddressSentBackKeepsItsPassword(t *testing.T) {
	h, f, b := house(t)
	fronttest.Want[saved](h, 200, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://li:s3cret-phrase@10.0.0.9/main"))
	status, raw := h.Do("admin:ops", "GET", "/api/onboard/cameras", nil)
	if status != 200 || strings.Contains(string(raw), "s3cret") {
		t.Fatalf("%d %s", status, raw)
	}
	again := setup("rtsp://10.0.0.9/main")
	again["name"] = "大门"
	fronttest.Want[saved](h, 200, "admin:ops", "PUT", "/api/onboard/cameras/gate", again)
	if c := b.cameras[0]; c.Sources[0].URL != "rtsp://li:s3cret-phrase@10.0.0.9/main" || c.Name != "大门" || len(f.looked) != 1 {
		t.Errorf("%+v after %d looks", c, len(f.looked))
	}
	fronttest.Want[saved](h, 200, "admin:ops", "PUT", "/api/onboard/cameras/gate", setup("rtsp://10.0.0.10/main"))
	if c := b.cameras[0]; c.Sources[0].URL != "rtsp://10.0.0.10/main" {
		t.Error("another host was given the old password")
	}
}

func TestNonsenseIsRefusedWithWords(t *testing.T) {
	h, _, b := house(t)
	for name, change := range map[string]func(map[string]any){
		"public mount of a resident": func(s map[string]any) { s["mount"] = "public" },
		"off the earth":              func(s map[string]any) { s["position"] = map[string]float64{"lat": 125.7, "lon": 0} },
		"no source":                  func(s map[string]any) { s["sources"] = []any{} },
		"no such class":              func(s map[string]any) { s["legal_class"] = "secret" },
	} {
		s := setup("rtsp://li:s3cret-phrase@10.0.0.9/main")
		change(s)
		if status, raw := h.Do("admin:ops", "PUT", "/api/onboard/cameras/gate", s); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", name, status, raw)
		}
	}
	if status, _ := h.Do("admin:ops", "PUT", "/api/onboard/cameras/Gate_1", setup("rtsp://10.0.0.9/main")); status != 422 {
		t.Errorf("bad id: %d", status)
	}
	if len(b.cameras) != 0 {
		t.Errorf("saved %+v", b.cameras)
	}
}

func TestOnlyTechniciansOnboard(t *testing.T) {
	h, _, _ := house(t)
	for who, want := range map[string]int{"": 401, "resident:li": 403, "officer:chen": 403, "admin:ops": 200} {
		for _, c := range [][2]string{{"GET", "/api/onboard/cameras"}, {"POST", "/api/onboard/discover"}} {
			if status, raw := h.Do(who, c[0], c[1], nil); status != want {
				t.Errorf("%s %s %s: %d %s", who, c[0], c[1], status, raw)
			}
		}
	}
	got := fronttest.Want[struct {
		User, Token string
	}](h, 200, "admin:ops", "POST", "/api/onboard/cameras/gate/token", nil)
	if got.Token != "token-1" || got.User != "gate" {
		t.Errorf("%+v", got)
	}
}
