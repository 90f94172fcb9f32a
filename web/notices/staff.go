package notices

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"shouwang/web/health"
)

// trouble is what the webhook reads of one.
type trouble struct {
	Code    string    `json:"code"` // as on the system page
	Level   string    `json:"level,omitempty"`
	Subject string    `json:"subject,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// staff tells of what has been wrong for long enough, once, and of its end.
func (t *Teller) staff(ctx context.Context) error {
	if len(t.d.Staff) == 0 && !t.d.Hook {
		return nil
	}
	told, err := t.d.Outbox.Told(ctx, "trouble/")
	if err != nil {
		return err
	}
	list, err := t.d.Service.Troubles(ctx)
	if err != nil {
		return err
	}
	began, settles := t.settled(list, told)
	over := make([]trouble, 0, len(settles.Forget))
	for _, key := range settles.Forget {
		code, subject, _ := strings.Cut(strings.TrimPrefix(key, "trouble/"), "/")
		over = append(over, trouble{Code: code, Subject: subject})
	}
	if len(began)+len(over) == 0 {
		return nil
	}
	return t.d.Outbox.Post(ctx, t.staffLetters(began, over), settles)
}

// settled returns the troubles to be told now, and what that settles. What is
// over must stay so as long as it had to last: a camera that comes and goes, or a
// service that has just begun to look, is not told of each time.
func (t *Teller) settled(list []health.Trouble, told map[string]bool) (began []trouble, settles Told) {
	now, stand := t.d.Now(), map[string]bool{}
	for _, x := range list {
		key := "trouble/" + x.Code + "/" + x.Subject
		if stand[key] {
			continue
		}
		stand[key] = true
		if t.since[key].IsZero() {
			t.since[key] = now
		}
		if !told[key] && now.Sub(t.since[key]) >= t.d.After {
			began = append(began, trouble{Code: x.Code, Level: string(x.Level), Subject: x.Subject, Since: t.since[key]})
			settles.Keys = append(settles.Keys, key)
		}
	}
	for key := range t.since {
		if !stand[key] {
			delete(t.since, key)
		}
	}
	for key := range told {
		if stand[key] {
			delete(t.gone, key)
			continue
		}
		if t.gone[key].IsZero() {
			t.gone[key] = now
		}
		if now.Sub(t.gone[key]) >= t.d.After {
			settles.Forget = append(settles.Forget, key)
			delete(t.gone, key)
		}
	}
	slices.Sort(settles.Forget)
	return began, settles
}

// mostLines bounds a letter; the page has the rest.
const mostLines = 50

func (t *Teller) staffLetters(began, over []trouble) []Letter {
	lang := t.d.Lang
	var b strings.Builder
	section := func(head string, list []trouble) {
		if len(list) == 0 {
			return
		}
		b.WriteString(t.words.say(lang, head) + "\n")
		for i, x := range list {
			if i == mostLines {
				b.WriteString("- …\n")
				break
			}
			b.WriteString("- " + t.words.say(lang, "code."+x.Code, "subject", x.Subject) + "\n")
		}
		b.WriteString("\n")
	}
	section("trouble.new", began)
	section("trouble.over", over)
	l := Letter{
		Kind: "trouble", Link: t.d.Link + "/system", Text: b.String() + t.words.say(lang, "trouble.end"),
		Subject: t.words.say(lang, "trouble.subject", "n", strconv.Itoa(len(began)), "over", strconv.Itoa(len(over))),
	}
	var out []Letter
	for _, to := range t.d.Staff {
		l.To = to
		out = append(out, l)
	}
	if t.d.Hook {
		l.To, l.Facts = "", map[string][]trouble{"wrong": append([]trouble{}, began...), "over": append([]trouble{}, over...)}
		out = append(out, l)
	}
	return out
}
