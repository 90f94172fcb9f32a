package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shouwang/ingest/camsim"
)

// TestADepartmentsOfficerSignsInThere is the story of an officer whose
// department has an identity provider: in by its page, before the wall, a second
// factor fetched there when something needs it fresh, and out at both.
func TestADepartmentsOfficerSignsInThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	base := "http://" + address
	department := openDepartment(t, base+"/api/session/oidc/callback", base+"/sign-in")
	secret := filepath.Join(t.TempDir(), "client.secret")
	if err := os.WriteFile(secret, []byte(departmentSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sim := cameras(t, map[string]camsim.Camera{"gate-east": {Clips: []*camsim.Clip{reel(t, busy(11))}}})
	h := build(t, []cam{{ID: "gate-east", Name: "东入口", URL: sim.URL("gate-east")}}, settings{
		"web": "  oidc: {issuer: \"" + department.URL + "\", client_id: " + departmentClient + ", client_secret_file: \"" + secret + "\", redirect: \"" + department.redirect +
			"\", signed_out: \"" + department.signedOut + "\", name: 公安统一认证, name_en: Police sign-in, strong: [otp]}\n",
	})
	raw, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.config, []byte(strings.Replace(string(raw), "http: 127.0.0.1:0", "http: "+address, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	s := h.start(t)
	playwright(t, s, h, `outside\.spec\.ts`, "PROVIDER="+department.URL, "PROVIDER_PASSWORD="+departmentPassword, "PROVIDER_CODE="+departmentCode)
	if department.ended != 1 {
		t.Errorf("signed out %d times at the provider", department.ended)
	}
	s.stop(t)
}
