package policy

import (
	"slices"
	"testing"
)

func TestWhoMayApprove(t *testing.T) {
	w := ownWorld(t)
	if ok, why := w.MayApprove("officer:yes", "officer:ivy", "camera:door-4"); !ok {
		t.Fatalf("an independent officer: %s", why)
	}
	for _, c := range [][3]string{
		{"officer:ivy", "officer:ivy", "camera:door-4"},
		{"officer:nobody", "officer:ivy", "camera:door-4"},
		{"resident:mei", "officer:ivy", "camera:door-4"},
		{"officer:yes", "officer:ivy", "camera:none"},
	} {
		if ok, why := w.MayApprove(c[0], c[1], c[2]); ok || why == "" {
			t.Errorf("%v may", c)
		}
	}
	local, _ := w.Principal("officer:yes")
	cam, _ := w.Camera("camera:door-4")
	spoil := map[Reason]func(*Principal){
		ReasonOffDuty:      func(p *Principal) { p.OnDuty, p.Unit = false, "elsewhere" },
		ReasonHomeGrid:     func(p *Principal) { p.HomeGrid = cam.Place },
		ReasonHomeUnknown:  func(p *Principal) { p.HomeGrid = "" },
		ReasonJurisdiction: func(p *Principal) { p.Jurisdiction = "" },
	}
	for want, f := range spoil {
		p := *local
		f(&p)
		next, err := w.WithPrincipal(&p)
		if err != nil {
			t.Fatal(err)
		}
		if ok, why := next.MayApprove("officer:yes", "officer:ivy", "camera:door-4"); ok || why != want {
			t.Errorf("want %s, got %v %s", want, ok, why)
		}
	}
	lifted, rest := MustApprove([]Reason{ReasonNoCase, ReasonSecondUnapproved, ReasonSecondFactor})
	if !slices.Equal(rest, []Reason{ReasonNoCase}) || len(lifted) != 2 {
		t.Errorf("lifted %v, rest %v", lifted, rest)
	}
}
