package passkey

import (
	"net/http"
	"sync"
	"time"

	"shouwang/web/auth"
	"shouwang/web/front"
	"shouwang/web/look"
)

// askCookie binds a challenge to the browser that it was made for, where there
// is no session yet.
const askCookie = "shouwang-touch"

// An address may ask for so many challenges at once, and one more a second: a
// whole office may be behind it.
const tries, tryEvery = 60, time.Second

type room struct {
	*front.Front
	deps       Deps
	challenges *challenges
	brake      *auth.Throttle
	// changing is held over a removal and what allows it: of two at once, the
	// second would be of the last key and not know it.
	changing sync.Mutex
}

// Routes returns what registers the room's operations on the kernel.
func Routes(deps Deps) func(*front.Front, *look.Looks) {
	return func(f *front.Front, _ *look.Looks) {
		r := &room{Front: f, deps: deps, challenges: newChallenges(f.Now), brake: auth.NewThrottle(tries, tryEvery, 10_000, f.Now)}
		op := func(id, method, path, summary string) front.Op {
			return front.Op{ID: id, Method: method, Path: path, Tag: "session", Summary: summary, Body: maxAnswer}
		}
		const keys, one = "/api/session/passkeys", "/api/session/passkeys/{id}"
		front.Open(f, op("askPasskey", http.MethodPost, "/api/session/passkey/ask", "Begin to sign in by touch"), r.askSignIn)
		front.Open(f, op("signInByPasskey", http.MethodPost, "/api/session/passkey", "Sign in by touch; shows the second factor, too"), r.signIn)
		front.Route(f, op("askFactorPasskey", http.MethodPost, "/api/session/factor/passkey/ask", "Begin to show one's second factor by touch"), front.SignedIn, r.askShow)
		front.Route(f, op("showFactorPasskey", http.MethodPost, "/api/session/factor/passkey", "Show one's second factor by touch"), front.SignedIn, r.show)
		front.Route(f, op("listPasskeys", http.MethodGet, keys, "One's own keys for signing in by touch"), front.SignedIn, r.list)
		front.Route(f, op("beginPasskey", http.MethodPost, keys+"/new", "Begin to set a key up; who has a second factor shows it before"), front.SignedIn, r.begin)
		front.Route(f, op("addPasskey", http.MethodPost, keys, "Set a key up"), front.SignedIn, r.add)
		front.Route(f, op("namePasskey", http.MethodPut, one, "Give a key another name"), front.SignedIn, r.rename)
		front.Route(f, op("removePasskey", http.MethodDelete, one, "Remove a key, at once; ends one's other sign-ins"), front.SignedIn, r.remove)
	}
}
