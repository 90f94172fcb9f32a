package oidc

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/oauth2"

	"shouwang"
	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/look"
)

// flowCookie binds a sign-in under way to the browser it was begun in. It is
// Lax, not Strict: the provider's page is what leads back here.
const flowCookie = "shouwang-oidc"

// An address may begin so many sign-ins at once, and one more a second: a whole
// office may be behind it.
const tries, tryEvery = 60, time.Second

type room struct {
	*front.Front
	deps     Deps
	provider *provider
	flows    *flows
	brake    *auth.Throttle
	tokens   *tokens
}

// Routes returns what registers the room's operations on the kernel. The
// configuration must have passed Validate.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) {
		r := &room{
			Front: f, deps: deps, provider: newProvider(deps.Config, f.Now), flows: newFlows(f.Now),
			brake: auth.NewThrottle(tries, tryEvery, 10_000, f.Now), tokens: newTokens(),
		}
		op := func(id, path, summary string, status int) front.Op {
			return front.Op{ID: id, Method: http.MethodGet, Path: path, Tag: "session", Summary: summary, Status: status}
		}
		front.Open(f, op("signInWays", "/api/session/ways", "Ways to sign in beside name and password", 0), r.ways)
		front.Open(f, op("signInOutside", "/api/session/oidc/start", "Go to the identity provider; for a browser, not for a script", http.StatusSeeOther), r.start)
		front.Route(f, op("factorOutside", "/api/session/oidc/factor", "Show a second factor at the identity provider; for a browser", http.StatusSeeOther), front.SignedIn, r.factor)
		front.Route(f, front.Op{ID: "endOutside", Method: http.MethodPost, Path: "/api/session/oidc/end", Tag: "session", Summary: "Where the browser goes to sign out at the identity provider, too; ask before signing out here"}, front.FirstSteps, r.end)
		front.Open(f, op("signedInOutside", CallbackPath, "Where the identity provider sends a browser back to", http.StatusSeeOther), r.callback)
	}
}

type waysOutput struct {
	Body struct {
		Provider string `json:"provider,omitempty" doc:"What the identity provider is called; absent where there is none"`
		Factor   bool   `json:"factor,omitempty" doc:"It can be asked for a second factor"`
		Touch    string `json:"touch,omitempty" doc:"Address (origin) at which one signs in by touch; absent for nowhere"`
	}
}

func (r *room) ways(ctx context.Context, _ *struct{}) (*waysOutput, error) {
	out := &waysOutput{}
	if r.deps.Touch != nil {
		out.Body.Touch = r.deps.Touch(ctx)
	}
	if c := r.deps.Config; c.On() {
		out.Body.Provider, out.Body.Factor = c.Name, len(c.Strong) > 0
		if front.TransportOf(ctx).Lang == "en" {
			out.Body.Provider = cmp.Or(c.NameEn, c.Name)
		}
	}
	return out, nil
}

type startInput struct {
	To    string `query:"to" maxLength:"1024" doc:"Page of this service to go on to"`
	Moved bool   `query:"moved" doc:"Set where this service sent the browser to its own address"`

	host string
}

// Resolve implements huma.Resolver.
func (in *startInput) Resolve(c huma.Context) []error {
	in.host = c.Host()
	return nil
}

type redirect struct {
	Location  string        `header:"Location"`
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

// start sends a browser to the provider.
func (r *room) start(ctx context.Context, in *startInput) (*redirect, error) {
	if !r.deps.Config.On() {
		return nil, shouwang.Errorf(shouwang.CodeNotFound, "no identity provider is configured: sign in with name and password")
	}
	to := page(in.To)
	if there := r.ownAddress(in, to); there != "" {
		return &redirect{Location: there}, nil
	}
	// max_age has the provider tell when the person signed in there (Core 1.0, 3.1.2.1).
	return r.leave(ctx, to, "", oauth2.SetAuthURLParam("max_age", "43200"))
}

// leave sends the browser to the provider; session is of who is signed in and
// only shows a second factor.
func (r *room) leave(ctx context.Context, to, session string, asks ...oauth2.AuthCodeOption) (*redirect, error) {
	t := front.TransportOf(ctx)
	if r.brake.Take(auth.AddressKey(t.Remote)) > 0 {
		return failed(whySlow, to), nil
	}
	known, err := r.provider.get(ctx)
	var client *oauth2.Config
	if err == nil {
		client, err = r.provider.oauth(known)
	}
	if err != nil {
		r.Log.Warn("the identity provider cannot be used", "issuer", r.deps.Config.Issuer, "error", err)
		return failed(whyAway, to), nil
	}
	f := r.flows.begin(to, session)
	where := client.AuthCodeURL(f.state, append(asks, oidc.Nonce(f.nonce), oauth2.S256ChallengeOption(f.verifier))...)
	return &redirect{Location: where, SetCookie: []http.Cookie{flowCookieOf(f.cookie, t.Secure)}}, nil
}

// ownAddress returns where to begin instead, or "": the provider leads back to
// one address only, and a cookie of another would not come along. A proxy that
// changes names must not have the browser run in circles.
func (r *room) ownAddress(in *startInput, to string) string {
	own, err := url.Parse(r.deps.Config.Redirect)
	if err != nil || in.Moved || in.host == "" || strings.EqualFold(in.host, own.Host) {
		return ""
	}
	own.Path, own.RawQuery = "/api/session/oidc/start", url.Values{"to": {to}, "moved": {"true"}}.Encode()
	return own.String()
}

// flowCookieOf holds a flow's secret; the empty one takes the cookie away.
func flowCookieOf(value string, secure bool) http.Cookie {
	c := http.Cookie{
		Name: flowCookie, Value: value, Path: "/api/session/oidc/", MaxAge: int(flowLife.Seconds()),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// page returns a page of this service, "/" for anything else.
func page(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/api/") {
		return "/"
	}
	return to
}

// failed leads back to the page that has the words.
func failed(why, to string) *redirect {
	if to == factorPage {
		return &redirect{Location: factorPage + "?" + url.Values{"oidc": {why}}.Encode()}
	}
	return &redirect{Location: "/sign-in?" + url.Values{"oidc": {why}, "to": {to}}.Encode()}
}

type callbackInput struct {
	State  string `query:"state" maxLength:"256"`
	Code   string `query:"code" maxLength:"8192"`
	Error  string `query:"error" maxLength:"256"`
	Issuer string `query:"iss" maxLength:"1024" doc:"Who answers (RFC 9207)"`
	Flow   string `cookie:"shouwang-oidc" maxLength:"128"`
}

// callback takes the provider's answer and opens a session.
func (r *room) callback(ctx context.Context, in *callbackInput) (*redirect, error) {
	t := front.TransportOf(ctx)
	f, ok := r.flows.take(in.State, in.Flow)
	to := page(f.to)
	var token string
	var session auth.Session
	err := error(refuse(whyAgain, "the state is unknown, used, too old or another browser's"))
	switch {
	case ok && f.session != "":
		err = r.shown(ctx, f, in)
	case ok:
		token, session, err = r.answer(ctx, f, in)
	}
	if err != nil {
		out := failed(r.told(err), to)
		if ok { // a forged answer is no reason to end the true one's way
			out.SetCookie = []http.Cookie{flowCookieOf("", t.Secure)}
		}
		return out, nil
	}
	if f.session != "" {
		return &redirect{Location: to, SetCookie: []http.Cookie{flowCookieOf("", t.Secure)}}, nil
	}
	r.Log.Info("signed in by the identity provider", "account", session.Account, "session", session.ID)
	return &redirect{Location: to, SetCookie: []http.Cookie{flowCookieOf("", t.Secure), front.SessionCookie(token, session.Expires, t.Secure)}}, nil
}

// told logs why somebody did not get in and returns the page's word for it.
func (r *room) told(err error) string {
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{whyAway, err} // this service's own trouble: trying later is what helps
	}
	r.Log.Warn("sign-in by the identity provider refused", "why", no.why, "error", no.cause)
	return no.why
}

// redeemed judges the provider's answer and returns whom it vouches for.
func (r *room) redeemed(ctx context.Context, f flow, in *callbackInput) (identity, error) {
	switch {
	case in.Issuer != "" && in.Issuer != r.deps.Config.Issuer:
		return identity{}, refuse(whyUntrusted, "another provider answered: %q", in.Issuer)
	case in.Error == "temporarily_unavailable" || in.Error == "server_error":
		return identity{}, refuse(whyAway, "the provider says %q", in.Error)
	case in.Error != "" || in.Code == "":
		return identity{}, refuse(whyRefused, "the provider says %q", in.Error)
	}
	return r.provider.redeem(ctx, f, in.Code)
}

// answer opens a session for one sign-in.
func (r *room) answer(ctx context.Context, f flow, in *callbackInput) (string, auth.Session, error) {
	id, err := r.redeemed(ctx, f, in)
	if err != nil {
		return "", auth.Session{}, err
	}
	token, session, err := r.deps.Accounts.SignInVouched(ctx, auth.Vouched{
		Account: id.login, Provider: r.deps.Config.Issuer, Subject: id.subject, SecondFactor: id.factor,
		May: func(principal string) error {
			if !mayComeIn(r.World(), principal) {
				return shouwang.Errorf(shouwang.CodeNotFound, "%s does not work for the township", principal)
			}
			return nil
		},
	})
	if err != nil {
		return "", auth.Session{}, sorted(err, &id)
	}
	r.tokens.keep(session.ID, id.raw)
	return token, session, nil
}

// sorted is why the accounts did not take somebody.
func sorted(err error, id *identity) error {
	why := map[shouwang.Code]string{
		shouwang.CodeNotFound: whyUnknown, shouwang.CodeDenied: whyClosed, shouwang.CodeConflict: whyOther, shouwang.CodeUnauthenticated: whyAgain,
	}[shouwang.CodeOf(err)]
	if why == "" {
		return err
	}
	return refuse(why, "account %q of subject %q: %w", id.login, id.subject, err)
}
