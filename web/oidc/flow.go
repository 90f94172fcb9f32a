package oidc

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	// flowLife is how long somebody may take at the provider.
	flowLife = 10 * time.Minute
	// maxFlows bounds the sign-ins under way; the oldest give way.
	maxFlows = 4096
)

// flow is one sign-in under way. It is kept here and bound to one browser by a
// cookie, and its state is good for one answer.
type flow struct {
	state, cookie   string
	nonce, verifier string
	to              string // the page to go on to
	began           time.Time
	// session is the token of who only shows a second factor, "" for a sign-in.
	session string
}

// flows are the sign-ins under way, the oldest first.
type flows struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]flow
	order []string // states, some of them gone
}

func newFlows(now func() time.Time) *flows { return &flows{now: now, byKey: map[string]flow{}} }

// begin notes a new sign-in; each of its secrets has 130 random bits or more.
func (s *flows) begin(to, session string) flow {
	f := flow{state: rand.Text(), cookie: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(), to: to, began: s.now(), session: session}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	s.byKey[f.state] = f
	s.order = append(s.order, f.state)
	return f
}

// forget makes room; it needs mu.
func (s *flows) forget() {
	for len(s.order) > 0 {
		f, ok := s.byKey[s.order[0]]
		if ok && len(s.order) < maxFlows && s.now().Sub(f.began) < flowLife {
			return
		}
		delete(s.byKey, s.order[0])
		s.order = s.order[1:]
	}
}

// take ends the sign-in with the state and returns it, if it was begun in the
// browser that holds the cookie and not too long ago.
func (s *flows) take(state, cookie string) (flow, bool) {
	s.mu.Lock()
	f, ok := s.byKey[state]
	delete(s.byKey, state)
	s.mu.Unlock()
	ok = ok && s.now().Sub(f.began) < flowLife && subtle.ConstantTimeCompare([]byte(f.cookie), []byte(cookie)) == 1
	return f, ok
}
