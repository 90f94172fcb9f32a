package transparency_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"shouwang"
	"shouwang/web/front/fronttest"
	"shouwang/web/transparency"
)

type drawer struct{ list []transparency.Complaint }

func (d *drawer) Add(_ context.Context, c transparency.Complaint) (transparency.Complaint, error) {
	c.ID = fmt.Sprint("W-", len(d.list))
	d.list = append(d.list, c)
	return c, nil
}

func (d *drawer) List(_ context.Context, by string) (out []transparency.Complaint, err error) {
	for _, c := range d.list {
		if by == "" || c.By == by {
			out = append(out, c)
		}
	}
	return out, nil
}

func (d *drawer) Answer(_ context.Context, id, answer, by string) (transparency.Complaint, error) {
	for i := range d.list {
		if d.list[i].ID == id {
			d.list[i].Answer, d.list[i].AnsweredBy = answer, by
			return d.list[i], nil
		}
	}
	return transparency.Complaint{}, shouwang.Errorf(shouwang.CodeNotFound, "none")
}

func (d *drawer) Body(string) string { return "Discipline Office" }

type complaintList struct {
	Complaints []transparency.Complaint
	To         string
}

func TestAComplaintIsForOversightAndNotForDispatch(t *testing.T) {
	h := fronttest.Open(t, fronttest.Options{World: world(t), At: noon})
	h.Add(transparency.Routes(transparency.Deps{Complaints: &drawer{}}))
	words := map[string]any{"camera": "door", "look": 7, "text": "He looked at my door without a case."}
	made := fronttest.Want[transparency.Complaint](h, http.StatusCreated, "resident:li", "POST", "/api/my/complaints", words)
	if made.ID == "" || made.By != "resident:li" || made.Camera != "camera:door" || *made.Look != 7 {
		t.Errorf("made: %+v", made)
	}
	logged := h.Log.Of("complaint")
	if len(logged) != 1 || logged[0].Detail != made.ID {
		t.Errorf("logged: %+v", logged)
	}
	h.Log.Break(true) // a log that is away refuses nobody's complaint
	fronttest.Want[transparency.Complaint](h, http.StatusCreated, "resident:gao", "POST", "/api/my/complaints", map[string]any{"text": "Mine as well."})
	for who, want := range map[string]int{"resident:li": 1, "resident:gao": 1} {
		got := fronttest.Want[complaintList](h, http.StatusOK, who, "GET", "/api/my/complaints", nil)
		if len(got.Complaints) != want || got.To != "Discipline Office" {
			t.Errorf("%s reads %+v", who, got)
		}
	}
	if all := fronttest.Want[complaintList](h, http.StatusOK, "officer:over", "GET", "/api/complaints", nil); len(all.Complaints) != 2 {
		t.Errorf("oversight reads %+v", all)
	}
	for who, status := range map[string]int{"officer:chen": 403, "officer:wang": 403, "resident:li": 403, "admin:ops": 403, "kiosk:wall": 403, "": 401} {
		if got, body := h.Do(who, "GET", "/api/complaints", nil); got != status {
			t.Errorf("%s reads complaints: %d %s", who, got, body)
		}
		if got, body := h.Do(who, "POST", "/api/complaints/"+made.ID+"/answer", map[string]any{"answer": "no"}); got != status {
			t.Errorf("%s answers: %d %s", who, got, body)
		}
	}
	fronttest.Want[any](h, http.StatusOK, "officer:over", "POST", "/api/complaints/"+made.ID+"/answer", map[string]any{"answer": "We looked into it."})
	mine := fronttest.Want[complaintList](h, http.StatusOK, "resident:li", "GET", "/api/my/complaints", nil)
	if mine.Complaints[0].Answer != "We looked into it." {
		t.Errorf("answered: %+v", mine)
	}
	for what, in := range map[string]map[string]any{"nothing": {}, "three letters": {"text": "abc"}, "another's camera": {"text": "long enough", "camera": "far"}} {
		if got, body := h.Do("resident:li", "POST", "/api/my/complaints", in); got != 422 && got != 404 {
			t.Errorf("%s: %d %s", what, got, body)
		}
	}
}
