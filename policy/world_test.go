package policy

import (
	"os"
	"testing"
)

func TestSharedWorldLoads(t *testing.T) {
	f, err := os.Open("../../shared/policy/world.json")
	if err != nil {
		t.Skip("no ../shared/policy beside the repository: nothing to load")
	}
	defer f.Close()
	w, err := LoadWorld(f)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := w.Consent("camera:door-17", "public_safety")
	if !ok || c.Ref() != "c-17@3" || !c.Slots.Has(0*24+6) || c.Slots.Has(0*24+23) || c.Slots.Count() != 7*17 {
		t.Errorf("consent of door-17: %+v", c)
	}
}
