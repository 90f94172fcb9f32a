package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"shouwang"
	"shouwang/policy"
)

func TestDecideStreamAnswersEveryLine(t *testing.T) {
	in := strings.Join([]string{
		`{"id":"a","principal":"officer:ding","action":"view_live","resource":"camera:door-4","at":"2026-11-18T14:10:00+08:00","purpose":"public_safety","incident":"fire-1"}`,
		``, `{"id":"b","principal":"officer:ding","jurisdiction":"hillside"}`, `not json`, `{"id":"c"} {"id":"d"}`, `{}`,
	}, "\n")
	var out bytes.Buffer
	err := DecideStream(context.Background(), strings.NewReader(in), &out, readWorld(t, "../testdata"))
	if shouwang.CodeOf(err) != shouwang.CodeBadUsage || !strings.Contains(err.Error(), `line 3: unknown key "jurisdiction"`) {
		t.Errorf("error %v", err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []struct {
		id, decision string
		reason       policy.Reason
	}{
		{"a", "allow", policy.ReasonConsent},
		{"b", "deny", policy.ReasonBadRequest},
		{"", "deny", policy.ReasonBadRequest},
		{"c", "deny", policy.ReasonBadRequest},
		{"", "deny", policy.ReasonUnknownAction},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d answers: %s", len(lines), out.String())
	}
	for i, line := range lines {
		var d policy.Decision
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.ID != want[i].id || d.Decision != want[i].decision || d.Reasons[0] != want[i].reason {
			t.Errorf("answer %d: %s (%v)", i, line, err)
		}
		if !strings.Contains(line, `"obligations":[`) {
			t.Errorf("answer %d: obligations are a list even when empty", i)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if DecideStream(ctx, strings.NewReader(in), &out, readWorld(t, "../testdata")) == nil {
		t.Error("goes on after the context ended")
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(`{"id":"a","at":"2026-11-18T14:10:00+08:00","second_factor_age_s":1e308}`))
	f.Add([]byte(`{"id":`))
	w := readWorld(f, "../testdata")
	g := newGate(f, w)
	f.Fuzz(func(t *testing.T, line []byte) {
		if d, err := g.decideLine(line); err != nil && d.Allowed() {
			t.Errorf("%q: allowed though unreadable", line)
		}
	})
}
