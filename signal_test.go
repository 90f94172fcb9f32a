package shouwang_test

import (
	"testing"
	"time"

	"shouwang"
)

func TestMessagesAreReadAndWhatIsUnclearIsAPress(t *testing.T) {
	at := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for raw, want := range map[string]shouwang.Signal{
		``:                                    {Kind: "press", Battery: -1},
		`press`:                               {Kind: "press", Battery: -1},
		`"heartbeat"`:                         {Kind: "heartbeat", Battery: -1},
		`ALARM`:                               {Kind: "press", Battery: -1},
		`{"type":"heartbeat","battery":12.6}`: {Kind: "heartbeat", Battery: 12},
		`{"id":"m-1","at":"2026-11-28T09:00:00Z","battery":900,"unknown":[1]}`: {Kind: "press", ID: "m-1", At: at, Battery: -1},
	} {
		m, err := shouwang.ParseSignal([]byte(raw))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		want.Button, want.Via = "b", "mqtt"
		if got := m.Signal("b", time.Time{}, "mqtt"); got != want {
			t.Errorf("%s: %+v, want %+v", raw, got, want)
		}
	}
	for _, raw := range []string{`{`, `{"at":"yesterday"}`, string(make([]byte, shouwang.MaxSignal)) + "{}x"} {
		if _, err := shouwang.ParseSignal([]byte("{" + raw)); err == nil {
			t.Errorf("%.20q was read", raw)
		}
	}
}

func FuzzParseSignal(f *testing.F) {
	f.Add([]byte(`{"type":"press","id":"1","battery":5}`))
	f.Add([]byte(`heartbeat`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := shouwang.ParseSignal(raw)
		if err != nil {
			return
		}
		if s := m.Signal("b", time.Time{}, "http"); s.Battery < -1 || s.Battery > 100 || len(s.ID) > 128 ||
			s.Kind != shouwang.SignalPress && s.Kind != shouwang.SignalHeartbeat {
			t.Errorf("%+v", s)
		}
	})
}
