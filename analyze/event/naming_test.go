package event_test

import (
	"testing"

	"shouwang"
	"shouwang/analyze"
	"shouwang/analyze/event"
)

var somebody = shouwang.Box{0.4, 0.4, 0.05, 0.2}

// answering shows pictures and answers each question as answer says.
func (p *play) answering(until float64, boxes func(float64) []analyze.Region, answer func(event.Want) (string, float64, shouwang.Box)) (asked []event.Want) {
	for p.now < until {
		p.show(p.now+0.05, 10, boxes)
		for _, w := range append([]event.Want(nil), p.e.Wants()...) {
			asked = append(asked, w)
			label, score, box := answer(w)
			p.e.Named(w.Ticket, label, score, box)
		}
	}
	return asked
}

func TestAThingIsAskedAboutOnceItIsSure(t *testing.T) {
	p := newPlay(t, event.Config{})
	asked := p.answering(10, walker(1, 7, 0.1, 0.1), func(w event.Want) (string, float64, shouwang.Box) { return "person", 0.9, w.Box })
	if len(asked) != 1 {
		t.Errorf("asked %d times, want once", len(asked))
	}
	if e := p.last(0); e.Label != "person" || e.LabelScore != 0.9 || e.Kind != shouwang.KindMotion {
		t.Errorf("%+v", e)
	}
}

func TestDoubtIsAskedAgainAndNotForEver(t *testing.T) {
	p := newPlay(t, event.Config{})
	asked := p.answering(20, walker(1, 19, 0.1, 0.04), func(event.Want) (string, float64, shouwang.Box) { return "", 0, shouwang.Box{} })
	if len(asked) < 3 || len(asked) > 5 {
		t.Errorf("asked %d times about what nobody can name", len(asked))
	}
	if e := p.last(0); e.Label != "" {
		t.Errorf("named %q", e.Label)
	}
}

func TestTwoThatAgreeAreBelieved(t *testing.T) {
	for answers, want := range map[int]string{1: "", 2: "vehicle"} {
		p := newPlay(t, event.Config{})
		given := 0
		p.answering(12, walker(1, 9, 0.1, 0.08), func(w event.Want) (string, float64, shouwang.Box) {
			if given++; given > answers {
				return "", 0, shouwang.Box{}
			}
			return "vehicle", 0.4, w.Box
		})
		if e := p.last(0); e.Label != want {
			t.Errorf("%d answers of 0.4: named %q, want %q", answers, e.Label, want)
		}
	}
}

func TestSceneryGivesNoName(t *testing.T) {
	p := newPlay(t, event.Config{})
	post := func(event.Want) (string, float64, shouwang.Box) { return "person", 0.7, somebody }
	// The same signpost is found whatever passes before it, a minute apart.
	p.answering(8, walker(1, 6, 0.1, 0.1), post)
	p.show(60, 10, nil)
	p.answering(70, walker(61, 66, 0.1, 0.1), post)
	if len(p.order) != 2 {
		t.Fatalf("%d events", len(p.order))
	}
	if e := p.last(1); e.Label != "" {
		t.Errorf("the signpost named the second event %q", e.Label)
	}
}

func TestAnswersOfNoQuestionAreIgnored(t *testing.T) {
	p := newPlay(t, event.Config{})
	p.e.Named(77, "person", 1, somebody)
	p.answering(6, walker(1, 5, 0.1, 0.1), func(w event.Want) (string, float64, shouwang.Box) { return "person", 0.2, w.Box })
	if e := p.last(0); e.Label != "" {
		t.Errorf("named %q by what is unlikely", e.Label)
	}
}
