package service

import (
	"context"
	"testing"
	"time"

	"shouwang"
)

// TestAPressOpensAnIncidentWhereTheTownshipChoseSo: once a call, where the
// button hangs, accounted for by the button's name; and none by default.
func TestAPressOpensAnIncidentWhereTheTownshipChoseSo(t *testing.T) {
	for _, minutes := range []int{0, 30} {
		o, ctx := newOffice(t), context.Background()
		o.s.cfg.Buttons.IncidentMinutes = minutes
		bed := shouwang.Button{ID: "bed", Household: "李家", Place: "grid-3", Position: shouwang.Position{Lat: 25.7, Lon: 103.8}}
		if _, err := o.s.papers.PutButton(ctx, bed, false); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := o.s.hearButton(ctx, shouwang.Signal{Button: "bed", Kind: shouwang.SignalPress, Received: o.clock(), Battery: -1}); err != nil {
				t.Fatal(err)
			}
		}
		calls, err := o.s.papers.Calls(ctx, o.clock().Add(-time.Hour))
		if err != nil || len(calls) != 1 {
			t.Fatalf("%d calls, %v", len(calls), err)
		}
		incidents := o.s.node.gate.World().Incidents()
		if minutes == 0 {
			if len(incidents) != 0 || calls[0].Incident != "" {
				t.Error("an incident opened though nobody chose so")
			}
			continue
		}
		if len(incidents) != 1 || calls[0].Incident != incidents[0].ID {
			t.Fatalf("%d incidents; the call names %q", len(incidents), calls[0].Incident)
		}
		i := incidents[0]
		if i.Type != "sos" || shouwang.Position(i.Position) != bed.Position || i.To.Sub(i.From) != 30*time.Minute {
			t.Errorf("the incident is %+v", i)
		}
		record, err := o.s.papers.Incident(ctx, i.ID)
		if err != nil || record.OpenedBy != "button:bed" || record.Cause != shouwang.CauseCall || record.Ref != calls[0].ID {
			t.Errorf("recorded as %+v, %v", record, err)
		}
	}
}
