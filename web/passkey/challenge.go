package passkey

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
)

const (
	// challengeLife is how long somebody may look for their finger.
	challengeLife = 5 * time.Minute
	// maxChallenges bounds those that wait for an answer; the oldest give way.
	maxChallenges = 4096
)

// act is what a challenge is answered for.
type act string

const (
	register act = "register"
	signIn   act = "sign in"
	show     act = "show"
)

// asked is one challenge that waits for its answer.
type asked struct {
	webauthn.SessionData
	act   act
	bound string // the session's token, or a secret that the browser holds
	began time.Time
}

// challenges are those that wait, the oldest first.
type challenges struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]asked // by the challenge
	order []string         // some of them gone
}

func newChallenges(now func() time.Time) *challenges {
	return &challenges{now: now, byKey: map[string]asked{}}
}

// secret is what a browser holds before it has a session: 130 random bits.
func secret() string { return rand.Text() }

func (c *challenges) keep(data *webauthn.SessionData, what act, bound string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	c.byKey[data.Challenge] = asked{SessionData: *data, act: what, bound: bound, began: c.now()}
	c.order = append(c.order, data.Challenge)
}

// forget makes room; it needs mu.
func (c *challenges) forget() {
	for len(c.order) > 0 {
		a, ok := c.byKey[c.order[0]]
		if ok && len(c.order) < maxChallenges && c.now().Sub(a.began) < challengeLife {
			return
		}
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
}

// take uses a challenge up and returns it, if it was asked for this, of this
// browser and not too long ago.
func (c *challenges) take(challenge string, what act, bound string) (webauthn.SessionData, bool) {
	c.mu.Lock()
	a, ok := c.byKey[challenge]
	delete(c.byKey, challenge)
	c.mu.Unlock()
	ok = ok && a.act == what && bound != "" && c.now().Sub(a.began) < challengeLife &&
		subtle.ConstantTimeCompare([]byte(a.bound), []byte(bound)) == 1
	return a.SessionData, ok
}
