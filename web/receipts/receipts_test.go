package receipts

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
	"shouwang/web/front/fronttest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

var noon = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

type store struct{}

func (store) PublicKey() string { return "shouwang.papers+12345678+AeWN" }

func (store) Paper(_ context.Context, id string) (Paper, error) {
	if id != "c-17-4" {
		return Paper{}, shouwang.Errorf(shouwang.CodeNotFound, "none")
	}
	return Paper{
		ID: "c-17-4", At: noon, Camera: "camera:door", Consent: "c-17@4", State: policy.Withdrawn, Keys: 336, Segments: 12, Bytes: 34e6,
		Held: []Held{{Case: "case-2026-abcdef", Until: noon.AddDate(0, 0, 30)}}, Signed: strings.Repeat("守望回执 keys: sha256:0123456789abcdef\n", 12),
	}, nil
}

func house(t *testing.T) *fronttest.House {
	t.Helper()
	w, err := policy.NewWorld(policy.WorldData{
		Timezone: "Asia/Shanghai", Purposes: []string{"public_safety"}, Places: []shouwang.Place{{ID: "house", Kind: "building"}},
		Principals: []*policy.Principal{{ID: "resident:li", Type: policy.TypeResident}, {ID: "resident:gao", Type: policy.TypeResident}, {ID: "admin:ops", Type: policy.TypeAdministrator}},
		Cameras:    []*policy.Camera{{ID: "camera:door", Name: "李家门口", NameEn: "Li's door", Place: "house", LegalClass: shouwang.ClassResident, Mount: "own_premises", Owner: "resident:li", Sign: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := fronttest.Open(t, fronttest.Options{World: w, At: noon})
	h.Add(Routes(Deps{Store: store{}, Gate: h.Gate}))
	h.Server.Config.Handler = Short(h.Server.Config.Handler)
	return h
}

func TestAReceiptIsItsOwnersAlone(t *testing.T) {
	h := house(t)
	for _, path := range []string{"c-17-4.pdf", "c-17-4.svg", "c-17-4.txt", "c-17-4/receipt.pdf"} {
		if status, body := h.Do("resident:li", "GET", "/api/my/receipts/"+path, nil); status != 200 || len(body) < 200 {
			t.Errorf("%s: %d, %d bytes", path, status, len(body))
		}
		for _, who := range []string{"resident:gao", "admin:ops", ""} {
			if status, _ := h.Do(who, "GET", "/api/my/receipts/"+path, nil); status != 404 && status != 403 && status != 401 {
				t.Errorf("%s of %q: %d", path, who, status)
			}
		}
		fronttest.Want[front.Problem](h, 404, "resident:li", "GET", "/api/my/receipts/"+strings.Replace(path, "17", "18", 1), nil)
	}
	if status, body := h.Do("", "GET", "/api/papers/key", nil); status != 200 || !bytes.HasPrefix(body, []byte("shouwang.papers+")) {
		t.Errorf("the public key: %d %s", status, body)
	}
}

// TestTheCodeHoldsTheWholeText draws the code and reads its size back: whoever
// scans it has the receipt itself, not an address.
func TestTheCodeHoldsTheWholeText(t *testing.T) {
	p, _ := store{}.Paper(t.Context(), "c-17-4")
	modules, err := qr(p.Signed)
	if err != nil || len(modules) < 60 || len(modules) > 177 {
		t.Fatalf("%d modules, %v", len(modules), err)
	}
	black, drawn := 0, 0
	for _, row := range modules {
		for _, b := range row {
			if b {
				black++
			}
		}
	}
	for _, m := range regexp.MustCompile(`h(\d+)v1h-`).FindAllSubmatch(svgOf(modules), -1) {
		n, _ := strconv.Atoi(string(m[1]))
		drawn += n
	}
	if black == 0 || black != drawn {
		t.Errorf("%d modules are black and %d are drawn", black, drawn)
	}
	if _, err := qr(strings.Repeat("x", 4000)); shouwang.CodeOf(err) != shouwang.CodeTooLarge {
		t.Errorf("too long: %v", err)
	}
}

// TestThePaperReads puts the PDF through a reader nobody here wrote.
func TestThePaperReads(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("SHOUWANG_CI") != "" {
			t.Fatal("pdftotext is missing: install poppler-utils and poppler-data")
		}
		t.Skip("no pdftotext: the paper was not read")
	}
	h := house(t)
	for lang, want := range map[string][]string{
		"zh-CN": {"守望回执", "李家门口", "已撤回", "336", "12 段，34.0 MB", "case-2026-abcdef", "shouwang.papers+12345678+AeWN"},
		"en":    {"Shouwang receipt", "Li's door", "withdrawn", "336", "12, 34.0 MB", "until 2026-12-18 20:00 CST"},
	} {
		_, body := h.Do("resident:li", "GET", "/api/my/receipts/c-17-4.pdf?lang="+lang, nil)
		file := filepath.Join(t.TempDir(), "r.pdf")
		if err := os.WriteFile(file, body, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-layout", file, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(string(out), text) {
				t.Errorf("%s: %q is not on the paper:\n%s", lang, text, out)
			}
		}
	}
}

func TestEveryStateHasWords(t *testing.T) {
	zh, en := words()["zh-CN"], words()["en"]
	if len(zh) == 0 || len(zh) != len(en) {
		t.Fatalf("%d and %d sentences", len(zh), len(en))
	}
	for name := range zh {
		if zh[name] == "" || en[name] == "" {
			t.Errorf("%s lacks a language", name)
		}
	}
	for _, s := range []policy.ConsentState{policy.Requested, policy.Refused, policy.Given, policy.Renewed, policy.Paused, policy.Expired, policy.Withdrawn, policy.Terminated, policy.Invalidated} {
		if en["state_"+string(s)] == "" {
			t.Errorf("state %s has no words", s)
		}
	}
}
