package web

import (
	"testing"
	"time"

	"shouwang"
)

func TestAPageLearnsHowOldItsPicturesAre(t *testing.T) {
	tn := newTown(t)
	tn.hubs.units, _ = picture(t)
	taken := tn.clock.now().Add(-700 * time.Millisecond)
	for _, au := range tn.hubs.units {
		au.Wall = shouwang.WallStamp{At: taken, Source: shouwang.StampSenderReport, Uncertainty: 20 * time.Millisecond}
	}
	chen, other := tn.signIn("officer:chen"), tn.signIn("kiosk:wall")
	viewer, resp := chen.watchLive("gate", "")
	if err := viewer.WaitPictures(3, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	type clocks struct {
		Now    time.Time   `json:"now"`
		Clocks []LiveClock `json:"clocks"`
	}
	got := get[clocks](chen, "/api/live/clocks")
	if len(got.Clocks) != 1 || got.Now.IsZero() {
		t.Fatalf("%+v", got)
	}
	c := got.Clocks[0]
	if !c.Wall.Equal(taken) || c.Source != "sender_report" || c.UncertaintyMS != 20 || c.Camera != "gate" {
		t.Errorf("%+v", c)
	}
	if resp.Header.Get("X-Shouwang-Ticket") != c.Ticket {
		t.Errorf("ticket %s", c.Ticket)
	}
	if theirs := get[clocks](other, "/api/live/clocks"); len(theirs.Clocks) != 0 {
		t.Errorf("somebody else reads %+v", theirs)
	}
}
