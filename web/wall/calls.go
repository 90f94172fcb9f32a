package wall

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// CallView is a call for help as a page shows it.
type CallView struct {
	shouwang.Call
	Household string            `json:"household"`
	Phone     string            `json:"phone,omitempty"`
	Place     shouwang.PlaceID  `json:"place"`
	Position  shouwang.Position `json:"position"`
	Battery   int               `json:"battery" doc:"Percent, -1 when unknown"`
	Answerer  *person           `json:"answerer,omitempty"`
	Closer    *person           `json:"closer,omitempty"`
}

// ButtonView is a call button and its health.
type ButtonView struct {
	shouwang.ButtonHealth
	Late bool `json:"late" doc:"It has been silent for longer than it should"`
	Low  bool `json:"low" doc:"Its battery is nearly empty"`
}

// lowBattery is percent.
const lowBattery = 20

type callsOutput struct {
	Body struct {
		Calls []CallView `json:"calls"`
	}
}

type callOutput struct{ Body CallView }

type buttonsOutput struct {
	Body struct {
		Buttons []ButtonView `json:"buttons"`
	}
}

type closeCallInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Outcome string `json:"outcome" enum:"helped,false_alarm,test"`
		Note    string `json:"note,omitempty" maxLength:"500"`
	}
}

type hookInput struct {
	Device shouwang.ButtonID `path:"device" maxLength:"64"`
	Auth   string            `header:"Authorization" maxLength:"200" doc:"Bearer and the button's token"`
	Token  string            `query:"token" maxLength:"128" doc:"The same, for devices that cannot set a header"`

	raw []byte
}

// Resolve reads the body as it is: a button may send none, a word or JSON, under
// whatever content type its maker thought of.
func (in *hookInput) Resolve(ctx huma.Context) []error {
	raw, err := io.ReadAll(io.LimitReader(ctx.BodyReader(), shouwang.MaxSignal+1))
	if err != nil {
		return []error{err}
	}
	in.raw = raw
	return nil
}

type hookOutput struct {
	Body struct {
		Heard bool `json:"heard"`
	}
}

func (r *room) callRoutes() {
	front.Open(r.Front, front.Op{
		ID: "sosHook", Method: http.MethodPost, Path: "/api/hooks/sos/{device}", Tag: "desk", Status: http.StatusAccepted, Body: shouwang.MaxSignal,
		Summary: "A call button's signal: press (also an empty body) or heartbeat, with the button's token. 202 says that it is durable",
	}, r.hook)
	front.Route(r.Front, front.Op{ID: "listCalls", Method: http.MethodGet, Path: "/api/wall/calls", Tag: "desk", Summary: "Calls for help: all that are not closed, and those of the last day"}, front.SignedIn, r.listCalls)
	front.Route(r.Front, front.Op{ID: "answerCall", Method: http.MethodPost, Path: "/api/wall/calls/{id}/answer", Tag: "desk", Summary: "Say that one cares for a call"}, front.Officers, r.answerCall)
	front.Route(r.Front, front.Op{ID: "closeCall", Method: http.MethodPost, Path: "/api/wall/calls/{id}/close", Tag: "desk", Summary: "Say what came of a call"}, front.Officers, r.closeCall)
	front.Route(r.Front, front.Op{ID: "listButtons", Method: http.MethodGet, Path: "/api/wall/buttons", Tag: "desk", Summary: "The call buttons: battery, and which have fallen silent"}, front.SignedIn, r.listButtons)
}

// hook takes a button's signal. The answer is the same for a button that is not
// there and for a wrong token.
func (r *room) hook(ctx context.Context, in *hookInput) (*hookOutput, error) {
	m, err := shouwang.ParseSignal(in.raw)
	if err != nil {
		return nil, err
	}
	token := in.Token
	if bearer, ok := strings.CutPrefix(in.Auth, "Bearer "); ok {
		token = bearer
	} else if m.Token != "" {
		token = m.Token
	}
	// A token has 130 random bits: there is nothing to guess, so nobody who calls
	// for help is ever braked.
	if err := r.deps.Buttons.Admits(ctx, in.Device, token); err != nil {
		if shouwang.CodeOf(err) == shouwang.CodeUnauthenticated {
			r.Log.Warn("a call button's signal was refused", "button", in.Device, "remote", front.HostOf(front.TransportOf(ctx).Remote))
		}
		return nil, err
	}
	// The device's going away must not undo what is being written.
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := r.deps.Buttons.Hear(writing, m.Signal(in.Device, r.Now(), "http")); err != nil {
		return nil, fmt.Errorf("keep signal of %s: %w", in.Device, err)
	}
	out := &hookOutput{}
	out.Body.Heard = true
	return out, nil
}

// buttons returns the call buttons that the caller may know of, by id.
func (r *room) buttons(ctx context.Context, c *front.Caller) (map[shouwang.ButtonID]shouwang.ButtonHealth, []shouwang.ButtonHealth, error) {
	all, err := r.deps.Buttons.Buttons(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list buttons: %w", err)
	}
	byID, mine := map[shouwang.ButtonID]shouwang.ButtonHealth{}, []shouwang.ButtonHealth{}
	for _, b := range all {
		if within(c, b.Place) {
			byID[b.ID] = b
			mine = append(mine, b)
		}
	}
	return byID, mine, nil
}

func (r *room) listCalls(ctx context.Context, c *front.Caller, _ *struct{}) (*callsOutput, error) {
	if err := atDesk(c); err != nil {
		return nil, err
	}
	buttons, _, err := r.buttons(ctx, c)
	if err != nil {
		return nil, err
	}
	calls, err := r.deps.Calls.Calls(ctx, r.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	out := &callsOutput{}
	out.Body.Calls = []CallView{}
	for _, call := range calls {
		if b, ok := buttons[call.Button]; ok {
			out.Body.Calls = append(out.Body.Calls, callView(c, call, b))
		}
	}
	return out, nil
}

// callView shows a call. A wall that anybody may stand before tells where, and
// keeps the telephone number to itself.
func callView(c *front.Caller, call shouwang.Call, b shouwang.ButtonHealth) CallView {
	v := CallView{
		Call: call, Household: b.Household, Phone: b.Phone, Place: b.Place, Position: b.Position, Battery: b.Battery,
		Answerer: personOf(c, call.AnsweredBy), Closer: personOf(c, call.ClosedBy),
	}
	if c.Who.Type == policy.TypeKiosk {
		v.Phone = ""
	}
	return v
}

// call finds a call of a button that the caller may know of.
func (r *room) call(ctx context.Context, c *front.Caller, id string) (shouwang.Call, shouwang.ButtonHealth, error) {
	missing := shouwang.Errorf(shouwang.CodeNotFound, "no call %q that you may know of", id)
	call, err := r.deps.Calls.Call(ctx, id)
	if err != nil {
		return call, shouwang.ButtonHealth{}, missing
	}
	buttons, _, err := r.buttons(ctx, c)
	if err != nil {
		return call, shouwang.ButtonHealth{}, err
	}
	b, ok := buttons[call.Button]
	if !ok {
		return call, b, missing
	}
	return call, b, nil
}

func (r *room) answerCall(ctx context.Context, c *front.Caller, in *idInput) (*callOutput, error) {
	return r.change(ctx, c, in.ID, func() (shouwang.Call, error) { return r.deps.Calls.AnswerCall(ctx, in.ID, c.Who.ID) })
}

func (r *room) closeCall(ctx context.Context, c *front.Caller, in *closeCallInput) (*callOutput, error) {
	return r.change(ctx, c, in.ID, func() (shouwang.Call, error) {
		return r.deps.Calls.CloseCall(ctx, in.ID, c.Who.ID, in.Body.Outcome, in.Body.Note)
	})
}

func (r *room) change(ctx context.Context, c *front.Caller, id string, do func() (shouwang.Call, error)) (*callOutput, error) {
	if err := c.Works(policy.RoleDispatcher, policy.RoleSupervisor, policy.RoleGridWorker); err != nil {
		return nil, err
	}
	_, b, err := r.call(ctx, c, id)
	if err != nil {
		return nil, err
	}
	call, err := do()
	if err != nil {
		return nil, err
	}
	r.deps.Changed(ctx, shouwang.DeskChange{Kind: shouwang.DeskCall, ID: id})
	return &callOutput{Body: callView(c, call, b)}, nil
}

func (r *room) listButtons(ctx context.Context, c *front.Caller, _ *struct{}) (*buttonsOutput, error) {
	out := &buttonsOutput{}
	out.Body.Buttons = []ButtonView{}
	if err := atDesk(c); err != nil {
		return nil, err
	}
	_, mine, err := r.buttons(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, b := range mine {
		if c.Who.Type == policy.TypeKiosk {
			b.Phone = ""
		}
		out.Body.Buttons = append(out.Body.Buttons, ButtonView{
			ButtonHealth: b, Late: b.Late(r.Now(), r.began), Low: b.Battery >= 0 && b.Battery < lowBattery,
		})
	}
	return out, nil
}
