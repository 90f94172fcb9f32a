package service

import (
	"context"

	"shouwang/web/passkey"
)

// touchAddress is where people sign in by touch: what web.address says, else what
// links in notices begin with where keys can be good there, else "" for localhost.
func (s *Service) touchAddress() string {
	if a := s.cfg.Web.Address; a != "" {
		return a
	}
	if a := s.cfg.Notices.PublicURL; passkey.Usable(a) == nil {
		return a
	}
	return ""
}

// touchOrigin is touchAddress as browsers name it, for one request.
func (s *Service) touchOrigin(ctx context.Context) string {
	return passkey.Origin(ctx, s.touchAddress())
}
