package registry_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func goodFile(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/township.good.yaml")
	must(t, err)
	return string(raw)
}

func weakHash(password string) (string, error) { return "hash of " + password, nil }

func doImport(t *testing.T, r *registry.Registry, text string) (registry.Report, error) {
	t.Helper()
	return r.Import(t.Context(), strings.NewReader(text), weakHash)
}

func TestImportFillsTheRegister(t *testing.T) {
	r, _ := fresh(t)
	report, err := doImport(t, r, goodFile(t))
	must(t, err)
	want := registry.Report{Places: 3, Units: 1, People: 3, Cameras: 1, Consents: 1, Cases: 1}
	got := report
	got.Passwords, got.Tokens = nil, nil
	if toJSON(t, got) != toJSON(t, want) {
		t.Errorf("report: %+v", got)
	}
	w := world(t, r)
	c, ok := w.Consent("camera:door-17", "public_safety")
	if !ok || c.Ref() != "c-door-17-public_safety@1" || c.Slots.Count() != 7*17 || c.Slots.Has(5) || !c.Slots.Has(6) || c.Incident.RadiusM != 300 {
		t.Errorf("consent: %+v", c)
	}
	if err := policy.VerifyChain([]*policy.Consent{c}); err != nil || c.Events[0].By != "resident:li" || !c.Events[0].Time.Equal(c.NotBefore) {
		t.Errorf("the imported consent is no verifiable record: %v, %+v", err, c.Events)
	}
	if p, _ := w.Principal("officer:chen"); p == nil || !p.OnDuty || p.Name != "陈" {
		t.Errorf("officer: %+v", p)
	}
	cam, err := r.Camera(t.Context(), "door-17")
	if err != nil || len(cam.Sources) != 2 || cam.Sources[0].URL != "rtsp://admin:hunter2@192.168.7.9/1" || len(cam.Masks) != 1 {
		t.Errorf("camera: %+v, %v", cam, err)
	}
	if len(report.Passwords) != 2 || report.Passwords[0].Login != "chen" || report.Passwords[1].Login != "li" {
		t.Fatalf("passwords: %+v", report.Passwords)
	}
	for _, p := range report.Passwords {
		if !regexp.MustCompile(`^[2-9a-hjkmnp-z]{4}(-[2-9a-hjkmnp-z]{4}){3}$`).MatchString(p.Password) {
			t.Errorf("password %q is not easy to type", p.Password)
		}
		a, err := r.Account(t.Context(), p.Login)
		if err != nil || a.PasswordHash != "hash of "+p.Password || !a.MustChange || a.Principal != p.Principal {
			t.Errorf("account: %+v, %v", a, err)
		}
	}
	if len(report.Tokens) != 1 {
		t.Fatalf("tokens: %+v", report.Tokens)
	}
	if ok, err := r.CheckPublishToken(t.Context(), "door-17", report.Tokens[0].Token); !ok || err != nil {
		t.Errorf("the token does not open the camera: %v", err)
	}
}

func TestImportAgainChangesNothingOld(t *testing.T) {
	r, _ := fresh(t)
	first, err := doImport(t, r, goodFile(t))
	must(t, err)
	before := dump(t, world(t, r))
	again, err := doImport(t, r, goodFile(t))
	must(t, err)
	if len(again.Passwords) != 0 || len(again.Tokens) != 0 || again.Consents != 0 {
		t.Errorf("the second import made something new: %+v", again)
	}
	if after := dump(t, world(t, r)); after != before {
		t.Errorf("the world changed:\n%s\n%s", before, after)
	}
	if ok, _ := r.CheckPublishToken(t.Context(), "door-17", first.Tokens[0].Token); !ok {
		t.Error("the token no longer works")
	}
	// The same version with other words is refused, the next version is not.
	other := strings.Replace(goodFile(t), "retention_days: 7", "retention_days: 30", 1)
	_, err = doImport(t, r, other)
	wantCode(t, err, shouwang.CodeConflict)
	// A later version goes through the life of a consent, and stays.
	c, _ := world(t, r).Consent("camera:door-17", "public_safety")
	next, err := c.Withdraw(policy.Change{At: noon, By: "resident:li", Channel: "app"})
	must(t, err)
	must(t, r.AppendConsent(t.Context(), next))
	_, err = doImport(t, r, goodFile(t))
	must(t, err)
	if c, _ := world(t, r).Consent("camera:door-17", "public_safety"); c.State != policy.Withdrawn {
		t.Errorf("an import gave a withdrawn consent again: %+v", c)
	}
}

func TestImportSaysWhatIsWrongAndChangesNothing(t *testing.T) {
	good := goodFile(t)
	lineOf := func(part string) string {
		before, _, found := strings.Cut(good, part)
		if !found {
			t.Fatalf("the good file has no %q", part)
		}
		return "line " + itoa(strings.Count(before, "\n")+1) + ":"
	}
	for name, c := range map[string]struct {
		old, new string
		at, says string // at: a part of the good file on the line that is named
	}{
		"unknown key at top":      {"units:", "unitz:", "units:", `unknown key "unitz"`},
		"unknown key in camera":   {"mount: own", "mounted: own", "mount: own", `unknown key "mounted"`},
		"unknown key in consent":  {"basis: consent", "basic: consent", "basis: consent", `unknown key "basic"`},
		"wrong type":              {"retention_days: 7", "retention_days: week", "retention_days: 7", "retention_days: expected int, found string"},
		"wrong type deep":         {"radius_m: 300", "radius_m: far", "incident: {", "radius_m: expected float64"},
		"bad slot":                {"slots: daily 6-23", "slots: [mon-25]", "id: door-17", `slot "mon-25"`},
		"bad slots":               {"slots: daily 6-23", "slots: daily 23-6", "slots: daily", "slots: write always"},
		"bad date":                {"2027-05-31T00:00:00+08:00", "next spring", "id: door-17", "next spring"},
		"missing place":           {"place: house-12", "place: house-99", "id: door-17", `"house-99" does not exist`},
		"missing parent":          {"parent: zhanyi", "parent: zhanyj", "", `"zhanyj" does not exist`},
		"person twice":            {"id: resident:li", "id: officer:chen", "id: resident:li", "already given on line 12"},
		"key twice":               {"on_duty: true", "name: 王", "on_duty: true", `key "name" is given twice`},
		"no id":                   {"{id: township, ", "{", "{id: township,", "this unit has no id"},
		"type does not fit":       {"id: resident:li, type: resident", "id: resident:li, type: officer", "id: resident:li", "does not fit"},
		"resident camera outside": {"mount: own_premises", "mount: public", "id: door-17", "only a department's camera may hang in a public place"},
		"unknown class":           {"legal_class: resident", "legal_class: private", "id: door-17", "legal class"},
		"anchor":                  {"[public_safety, emergency]", "&a [public_safety]", "purposes:", "anchors"},
		"bad time zone":           {"Asia/Shanghai", "Mars/Olympus", "", "Mars/Olympus"},
		"not yaml":                {"places:", "places: [", "", "line"},
		"list expected":           {"cases:\n  - {id", "cases:\n  {id", "", "expected a list"},
		"two documents":           {"cases:", "---\ncases:", "", "more than one document"},
		"login in use":            {"home: house-12}", "home: house-12, login: chen}", "id: resident:li", "name is in use"},
		"longer than a year":      {"2027-05-31", "2028-05-31", "id: door-17", "at most 12 months"},
		"audio":                   {"retention_days: 7", "device: {audio: true}", "id: door-17", "audio is never taken in"},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := fresh(t)
			before := dump(t, world(t, r))
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatal("the good file was not spoiled")
			}
			_, err := doImport(t, r, text)
			if err == nil {
				t.Fatal("was accepted")
			}
			msg := err.Error()
			if !strings.Contains(msg, c.says) || strings.Contains(msg, "\n") || shouwang.CodeOf(err) == shouwang.CodeInternal {
				t.Errorf("got %s %q, want it to say %q", shouwang.CodeOf(err), msg, c.says)
			}
			if c.at != "" && !strings.HasPrefix(msg, lineOf(c.at)) {
				t.Errorf("got %q, want %s", msg, lineOf(c.at))
			}
			if strings.Contains(msg, "hunter2") {
				t.Errorf("the error shows a camera's password: %q", msg)
			}
			if after := dump(t, world(t, r)); after != before {
				t.Error("a refused import left something behind")
			}
			if n, _ := r.CountAccounts(t.Context()); n != 0 {
				t.Errorf("a refused import made %d accounts", n)
			}
		})
	}
	for _, text := range []string{"", "# nothing\n", "[]", "null", "just words", "\x00", "{"} {
		r, _ := fresh(t)
		if _, err := doImport(t, r, text); err == nil || shouwang.CodeOf(err) == shouwang.CodeInternal {
			t.Errorf("import of %q: %v", text, err)
		}
		_ = r.Close()
	}
}

func TestImportReadsTheSharedWorld(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/policy/world.json")
	if err != nil {
		t.Skipf("no ../shared beside this checkout, its world is not imported: %v", err)
	}
	r, _ := fresh(t)
	for _, text := range []string{string(raw), strings.ReplaceAll(string(raw), "\n ", "\n\t")} {
		_, err = doImport(t, r, text)
		must(t, err)
	}
	want, err := loadWorld(string(raw))
	must(t, err)
	if got := dump(t, world(t, r)); got != dump(t, want) {
		t.Errorf("the imported world is another one:\n%s\n%s", got, dump(t, want))
	}
}

// FuzzImport feeds the reader anything; it answers with an error or a register
// that opens again.
func FuzzImport(f *testing.F) {
	if raw, err := os.ReadFile("testdata/township.good.yaml"); err == nil {
		f.Add(string(raw))
	}
	f.Add("places: [{id: a, kind: x, parent: b}]")
	f.Add("{\"cameras\": [{\"id\": \"a\", \"consents\": [null]}]}")
	f.Add("a: &a [*a]")
	f.Add("consents: [null, {consent_id: a}]")
	f.Fuzz(func(t *testing.T, text string) {
		r, path := fresh(t)
		if _, err := doImport(t, r, text); err != nil {
			return
		}
		must(t, r.Close())
		open(t, path)
	})
}
