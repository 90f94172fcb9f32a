package policy

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"shouwang"
)

// ownWorld is the world of testdata/world.json.
func ownWorld(t testing.TB) *World {
	t.Helper()
	f, err := os.Open("testdata/world.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := LoadWorld(f)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWorldSurvivesBeingWrittenDown(t *testing.T) {
	w := ownWorld(t)
	raw, err := json.Marshal(w.Data())
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadWorld(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if back, _ := json.Marshal(again.Data()); !bytes.Equal(raw, back) {
		t.Error("a world read back differs")
	}
}

func TestBadWorldsAreRefusedInOneLine(t *testing.T) {
	whole, err := os.ReadFile("testdata/world.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ old, new, say string }{
		"unknown key":      {`"timezone"`, `"time_zone"`, "time_zone"},
		"deep unknown key": {`"clip_min"`, `"clip_minutes"`, "clip_minutes"},
		"time zone":        {`Asia/Shanghai`, `Asia/Nowhere`, "Asia/Nowhere"},
		"no time zone":     {`Asia/Shanghai`, ``, "IANA"},
		"slot":             {`"mon-07"`, `"mon-77"`, "mon-77"},
		"position":         {`[25.61, 103.8]`, `[25.61]`, "latitude"},
		"place":            {`"place": "yard-4"`, `"place": "yard-5"`, "yard-5"},
		"parent":           {`"parent": "river"`, `"parent": "lake"`, "lake"},
		"class":            {`"legal_class": "premises"`, `"legal_class": "shop"`, "shop"},
		"state":            {`"state": "withdrawn"`, `"state": "gone"`, "gone"},
		"type":             {`"type": "kiosk"`, `"type": "officer"`, "kiosk:hall"},
		"jurisdiction":     {`"jurisdiction": "plain"`, `"jurisdiction": "moon"`, "moon"},
		"camera twice":     {`"id": "camera:door-6"`, `"id": "camera:door-4"`, "twice"},
		"camera id":        {`"id": "camera:door-6"`, `"id": "camera:Door"`, "camera:Door"},
		"consent's camera": {`"camera": "camera:hall-5"`, `"camera": "camera:door-4"`, "camera:hall-5"},
		"too long":         {`"not_after": "2027-02-28`, `"not_after": "2027-03-28`, "12 months"},
		"key state":        {`"key_state": "shredded"`, `"key_state": "lost"`, "lost"},
		"footage span":     {`"from": "2026-11-17T08:00`, `"from": "2026-11-17T18:00`, "begins"},
		"hold alone":       {`"approved_by": "officer:yes"`, `"approved_by": "officer:ivy"`, "two"},
		"more behind":      {"\n}\n", "\n}\n{}", "follows"},
		"not json":         {`{`, ``, "read world"},
		"too early":        {"\n}\n", "", "early"},
	} {
		text := strings.Replace(string(whole), row.old, row.new, 1)
		if text == string(whole) {
			t.Errorf("%s: nothing to spoil", name)
			continue
		}
		_, err := LoadWorld(strings.NewReader(text))
		if code := shouwang.CodeOf(err); code != shouwang.CodeBadConfig || !strings.Contains(err.Error(), row.say) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadWorld(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("empty: %v", err)
	}
}

func TestSnapshotsDoNotSeeLaterChanges(t *testing.T) {
	w := ownWorld(t)
	before := len(w.Cameras())
	c, _ := w.Camera("camera:door-4")
	other := *c
	other.ID, other.Consents = "camera:new", nil
	next, err := w.WithCamera(&other)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Cameras()) != before || len(next.Cameras()) != before+1 || len(next.WithoutCamera("camera:new").Cameras()) != before {
		t.Error("a snapshot changed")
	}
	consent, _ := w.Consent("camera:door-4", "public_safety")
	if _, err := w.WithConsent(consent); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
		t.Errorf("the same version twice: %v", err)
	}
	stray := *consent
	stray.Camera = "camera:none"
	if _, err := w.WithConsent(&stray); shouwang.CodeOf(err) != shouwang.CodeNotFound {
		t.Errorf("consent for no camera: %v", err)
	}
	if _, err := w.WithPrincipal(&Principal{ID: "x"}); err == nil {
		t.Error("a principal without a type")
	}
	if _, err := w.WithPlaces(nil); err == nil {
		t.Error("the cameras' places are gone")
	}
}
