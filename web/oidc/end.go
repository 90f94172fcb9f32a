package oidc

import (
	"context"
	"net/url"
	"sync"

	"shouwang/web/front"
)

// maxTokens bounds the ID tokens kept; the oldest give way.
const maxTokens = 4096

// tokens are the ID tokens of sessions, by which the provider knows whom to sign
// out. They are kept in memory alone: after a restart the provider asks.
type tokens struct {
	mu    sync.Mutex
	byID  map[string]string
	order []string
}

func newTokens() *tokens { return &tokens{byID: map[string]string{}} }

func (k *tokens) keep(session, raw string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.order) >= maxTokens {
		delete(k.byID, k.order[0])
		k.order = k.order[1:]
	}
	k.byID[session] = raw
	k.order = append(k.order, session)
}

func (k *tokens) take(session string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	raw := k.byID[session]
	delete(k.byID, session)
	return raw
}

type endOutput struct {
	Body struct {
		Location string `json:"location,omitempty" doc:"Where the browser goes; absent where there is nothing to sign out of"`
	}
}

// end says where one signs out at the provider (OpenID Connect RP-Initiated
// Logout 1.0, 2). The session here is ended by the page, as any.
func (r *room) end(ctx context.Context, c *front.Caller, _ *struct{}) (*endOutput, error) {
	out, cfg := &endOutput{}, &r.deps.Config
	if !cfg.On() || c.Session.Provider != cfg.Issuer {
		return out, nil
	}
	known, err := r.provider.get(ctx)
	if err != nil || known.end == "" { // signing out here must work without it
		return out, nil //nolint:nilerr // as said
	}
	where, err := url.Parse(known.end)
	if err != nil {
		return out, nil //nolint:nilerr // discover has parsed it
	}
	q := where.Query()
	q.Set("client_id", cfg.ClientID)
	if raw := r.tokens.take(c.Session.ID); raw != "" {
		q.Set("id_token_hint", raw)
	}
	if cfg.SignedOut != "" {
		q.Set("post_logout_redirect_uri", cfg.SignedOut)
	}
	where.RawQuery = q.Encode()
	out.Body.Location = where.String()
	return out, nil
}
