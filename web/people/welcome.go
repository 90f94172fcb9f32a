package people

import (
	"context"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
	"shouwang/web/auth"
	"shouwang/web/front"
)

type welcomeTokenInput struct {
	Token string `path:"token" maxLength:"64"`
}

type welcomeOutput struct {
	Body struct {
		Name  string `json:"name"`
		Login string `json:"login" doc:"What to type at sign-in"`
		Least int    `json:"least" doc:"Fewest characters of a password"`
	}
}

type welcomeInput struct {
	Token string `path:"token" maxLength:"64"`
	Body  struct {
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

// guest finds whose link it is, and slows who tries.
func (r *Room) guest(ctx context.Context, token string) (login string, who *policy.Principal, err error) {
	from := front.HostOf(front.TransportOf(ctx).Remote)
	if wait := r.tries.Take(from); wait > 0 {
		return "", nil, auth.RateLimited(wait)
	}
	if login, err = r.Register.Welcome(ctx, papers.HashInvitationToken(token), r.Now()); err != nil {
		return "", nil, err
	}
	r.tries.Forgive(from)
	owner, err := r.ownerOf(ctx, login)
	if err != nil {
		return "", nil, err
	}
	who, ok := r.World().Principal(owner)
	if !ok {
		return "", nil, nothing("person behind this link", login)
	}
	return login, who, nil
}

func (r *Room) readWelcome(ctx context.Context, in *welcomeTokenInput) (*welcomeOutput, error) {
	login, who, err := r.guest(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	out := &welcomeOutput{}
	out.Body.Name, out.Body.Login, out.Body.Least = who.Name, login, auth.MinPassword
	return out, nil
}

// answerWelcome sets the password. The link is spent first, so that it cannot
// be used twice at once; a password that is refused does not spend it. Whoever
// needed it has lost what opened the account: passkeys go.
func (r *Room) answerWelcome(ctx context.Context, in *welcomeInput) (*struct{}, error) {
	login, who, err := r.guest(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	if err := auth.CheckPassword(in.Body.Password, login, who.ID, who.Name); err != nil {
		return nil, err
	}
	hash, err := r.Passwords.HashPassword(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	if err := r.Register.UseWelcome(ctx, papers.HashInvitationToken(in.Token), r.Now()); err != nil {
		return nil, err
	}
	err = r.Register.UpdateAccount(ctx, login, func(a *shouwang.Account) error {
		a.PasswordHash, a.PasswordSet, a.MustChange, a.Passkeys = hash, r.Now(), false, 0
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, r.Register.EndSessions(ctx, login)
}
