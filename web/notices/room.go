package notices

import (
	"context"
	"net/http"
	"strings"
	"time"

	"shouwang"
	"shouwang/web/front"
	"shouwang/web/look"
)

// Deps are the room's neighbours.
type Deps struct {
	People People
	Outbox Outbox
}

type room struct {
	*front.Front
	Deps
	words words
}

// Routes returns what registers the room's operations.
func Routes(d Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) {
		w, err := readWords()
		if err != nil {
			panic(err) // embedded; the tests read it
		}
		r := &room{f, d, w}
		op := func(id, method, path, summary string) front.Op {
			return front.Op{ID: id, Method: method, Path: "/api/my/mail" + path, Tag: "my", Summary: summary}
		}
		front.Route(f, op("myMail", http.MethodGet, "", "Where one gets notices by mail, and of what"), front.Residents, r.get)
		front.Route(f, op("setMyMail", http.MethodPut, "/address", "Give an address; a code is sent there"), front.Residents, r.ask)
		front.Route(f, op("confirmMyMail", http.MethodPost, "/confirm", "Show the code that was sent"), front.Residents, r.confirm)
		front.Route(f, op("chooseMyMail", http.MethodPut, "/looks", "Choose how to hear of looks"), front.Residents, r.choose)
		front.Route(f, op("forgetMyMail", http.MethodDelete, "", "Have one's address forgotten, and what waits to be sent there"), front.Residents, r.forget)
	}
}

// MailView is how one gets notices.
type MailView struct {
	Available bool      `json:"available" doc:"Whether the township has set up mail"`
	Address   string    `json:"address,omitempty" doc:"Where notices go; absent until an address is confirmed"`
	Pending   string    `json:"pending,omitempty" doc:"An address that waits for its code"`
	Until     time.Time `json:"until,omitzero" doc:"How long the code is good"`
	Refused   time.Time `json:"refused,omitzero" doc:"When the mail server refused the address for good, until it takes mail there again"`
	Looks     string    `json:"looks" enum:"off,daily,once" doc:"How one hears of looks: not, in one mail a day, or at once"`
}

type mailOutput struct{ Body MailView }

func (r *room) get(ctx context.Context, c *front.Caller, _ *struct{}) (*mailOutput, error) {
	mine, err := r.People.Of(ctx, c.Who.ID)
	if err != nil {
		return nil, err
	}
	v := MailView{Available: r.People.Mails(), Address: mine.Address, Pending: mine.Pending, Until: mine.Until, Looks: mine.Looks}
	if at := mine.RefusedAt; at != "" && (at == v.Pending || at == v.Address && v.Pending == "") {
		v.Refused = mine.Refused
	}
	if v.Looks == "" {
		v.Looks = Daily
	}
	return &mailOutput{v}, nil
}

type mailAddressInput struct {
	Body struct {
		Address string `json:"address" minLength:"3" maxLength:"254"`
	}
}

// ask sends the code only; nothing else goes to an address until it is shown.
func (r *room) ask(ctx context.Context, c *front.Caller, in *mailAddressInput) (*mailOutput, error) {
	if !r.People.Mails() {
		return nil, unavailable()
	}
	address := strings.TrimSpace(in.Body.Address)
	code, err := r.People.Ask(ctx, c.Who.ID, address, c.Lang)
	if err != nil {
		return nil, err
	}
	letter := Letter{
		Person: c.Who.ID, To: address, Kind: "code",
		Subject: r.words.say(c.Lang, "code.subject", "code", code), Text: r.words.say(c.Lang, "code.text", "code", code),
	}
	if err := r.Outbox.Post(ctx, []Letter{letter}, Told{}); err != nil {
		return nil, err
	}
	return r.get(ctx, c, nil)
}

type mailCodeInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"32"`
	}
}

func (r *room) confirm(ctx context.Context, c *front.Caller, in *mailCodeInput) (*mailOutput, error) {
	code := strings.Join(strings.Fields(in.Body.Code), "")
	if err := r.People.Confirm(ctx, c.Who.ID, code); err != nil {
		return nil, err
	}
	return r.get(ctx, c, nil)
}

type mailLooksInput struct {
	Body struct {
		Looks string `json:"looks" enum:"off,daily,once"`
	}
}

func (r *room) choose(ctx context.Context, c *front.Caller, in *mailLooksInput) (*mailOutput, error) {
	if err := r.People.Choose(ctx, c.Who.ID, in.Body.Looks, c.Lang); err != nil {
		return nil, err
	}
	return r.get(ctx, c, nil)
}

func (r *room) forget(ctx context.Context, c *front.Caller, _ *struct{}) (*struct{}, error) {
	return nil, r.People.Forget(ctx, c.Who.ID)
}

func unavailable() error {
	return shouwang.Errorf(shouwang.CodeNotFound, "the township has set up no mail: ask your community office")
}
