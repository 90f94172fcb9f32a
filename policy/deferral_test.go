package policy

import (
	"testing"
	"time"
)

func TestSealOpensByItself(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	look := Numbered{10, &Entry{At: at, Kind: "look", Principal: "officer:chen", Camera: "camera:a", Case: "case-1"}}
	defers := func(index uint64, made, until time.Duration, change ...func(*Entry)) Numbered {
		e := &Entry{At: at.Add(made), Kind: KindDefer, Principal: "officer:wang", Camera: "camera:a", Case: "case-1", To: at.Add(until)}
		for _, c := range change {
			c(e)
		}
		return Numbered{index, e}
	}
	reveals := func(index uint64, made time.Duration) Numbered {
		return Numbered{index, &Entry{At: at.Add(made), Kind: KindReveal, Camera: "camera:a", Case: "case-1"}}
	}
	order := Numbered{10, &Entry{At: at, Obligations: []ObligationID{ObligeNotifyDeferred}, Camera: "camera:a", Case: "case-1", Principal: "officer:chen"}}
	noCase := Numbered{10, &Entry{At: at, Camera: "camera:a", Principal: "officer:chen"}}
	for name, c := range map[string]struct {
		look  Numbered
		about []Numbered
		want  time.Duration // from the look; -1 for told at once
	}{
		"nothing deferred":               {look, nil, -1},
		"deferred":                       {look, []Numbered{defers(5, -time.Hour, 10*day)}, 10 * day},
		"by an order":                    {order, nil, 90 * day},
		"never beyond ninety days":       {look, []Numbered{defers(5, -time.Hour, 400*day)}, 90 * day},
		"decided after the look":         {look, []Numbered{defers(11, time.Hour, 10*day)}, -1},
		"decided after it, dated before": {look, []Numbered{defers(11, -time.Hour, 10*day)}, -1},
		"over before the look":           {look, []Numbered{defers(5, -20*day, -day)}, -1},
		"another case":                   {look, []Numbered{defers(5, -time.Hour, 10*day, func(e *Entry) { e.Case = "case-2" })}, -1},
		"another camera":                 {look, []Numbered{defers(5, -time.Hour, 10*day, func(e *Entry) { e.Camera = "camera:b" })}, -1},
		"by who looked":                  {look, []Numbered{defers(5, -time.Hour, 10*day, func(e *Entry) { e.Principal = "officer:chen" })}, -1},
		"a look without a case":          {noCase, []Numbered{defers(5, -time.Hour, 10*day, func(e *Entry) { e.Case = "" })}, -1},
		"revealed early":                 {look, []Numbered{reveals(12, 2*day), defers(5, -time.Hour, 10*day)}, 2 * day},
		"revealed before the look":       {look, []Numbered{reveals(7, -time.Minute), defers(5, -time.Hour, 10*day)}, -1},
		"revealed and then deferred":     {look, []Numbered{reveals(4, -2*time.Hour), defers(5, -time.Hour, 10*day)}, 10 * day},
		"the longer of two":              {look, []Numbered{defers(5, -time.Hour, 10*day), defers(6, -time.Hour, 20*day)}, 20 * day},
	} {
		until, _ := SealedUntil(c.look, c.about)
		if want := at.Add(c.want); c.want < 0 && !until.IsZero() || c.want >= 0 && !until.Equal(want) {
			t.Errorf("%s: sealed until %v, want %v after the look", name, until, c.want)
		}
	}
}
