package registry

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/papers"
)

// Report says what an import did. It holds passwords and tokens that are known
// nowhere else: print them once, log them never.
type Report struct {
	Places, Units, People, Cameras, Consents, Cases, Others int
	// Passwords are the first passwords of accounts the import made, in the
	// file's order.
	Passwords []FirstPassword
	// Tokens are the publish tokens of cameras that push and had none.
	Tokens []PublishToken
}

// FirstPassword opens an account once; it must be changed then.
type FirstPassword struct{ Login, Principal, Name, Password string }

// PublishToken is the password of a camera's push address.
type PublishToken struct {
	Camera shouwang.CameraID
	Token  string
}

// Import reads one township file, YAML or JSON, and applies all of it or, on
// any error, nothing. What is there already is replaced; accounts keep their
// passwords, cameras their tokens, and a consent version that is there must say
// the same (CodeConflict otherwise). Errors name the line. hash turns a first
// password into what the accounts keep.
func (r *Registry) Import(ctx context.Context, in io.Reader, hash func(password string) (string, error)) (Report, error) {
	root, err := parse(in)
	if err != nil {
		return Report{}, err
	}
	town, err := readTownship(root)
	if err != nil {
		return Report{}, err
	}
	// Hashing takes long on purpose, so it is not done under the lock.
	accounts, passwords, err := r.newAccounts(ctx, town, hash)
	if err != nil {
		return Report{}, err
	}
	var report Report
	err = r.apply(ctx, func(e *edit) error {
		report = Report{Passwords: passwords}
		i := &importer{r: r, e: e, t: town, report: &report}
		return i.run(accounts)
	})
	if err != nil {
		return Report{}, err
	}
	return report, nil
}

// newAccounts makes accounts for the people who have none.
func (r *Registry) newAccounts(ctx context.Context, t *township, hash func(string) (string, error)) (accounts []shouwang.Account, passwords []FirstPassword, err error) {
	for i := range t.people {
		p := &t.people[i]
		if p.Login == "" {
			_, p.Login, _ = strings.Cut(p.ID, ":")
		}
		p.Login = strings.ToLower(p.Login)
		if p.Type == policy.TypeService {
			continue
		}
		if _, err := r.Account(ctx, p.Login); shouwang.CodeOf(err) != shouwang.CodeNotFound {
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		password := firstPassword()
		hashed, err := hash(password)
		if err != nil {
			return nil, nil, fmt.Errorf("hash first password: %w", err)
		}
		accounts = append(accounts, shouwang.Account{
			Name: p.Login, Principal: p.ID, PasswordHash: hashed,
			PasswordSet: r.cfg.Clock(), MustChange: true, Language: p.Language,
		})
		passwords = append(passwords, FirstPassword{Login: p.Login, Principal: p.ID, Name: p.Name, Password: password})
	}
	return accounts, passwords, nil
}

// firstPassword has 80 random bits in letters and digits that are hard to take
// for one another, as "k7mw-4q2d-x9ra-hm3t".
func firstPassword() string {
	var bits [10]byte
	_, _ = rand.Read(bits[:]) // never fails (crypto/rand)
	text := base32.NewEncoding("23456789abcdefghjkmnpqrstuvwxyz+").EncodeToString(bits[:])
	text = strings.ReplaceAll(text, "+", "8") // the 32nd letter: half a bit is lost
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
}

// importer applies a township file in one edit.
type importer struct {
	r      *Registry
	e      *edit
	t      *township
	report *Report
}

func (i *importer) run(accounts []shouwang.Account) error {
	for _, step := range []func() error{i.town, i.people, i.notices, i.cameras, i.consents, i.papers, i.whole} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, a := range accounts {
		if err := i.at("person", a.Principal, i.r.addAccount(i.e, a)); err != nil {
			return err
		}
	}
	return nil
}

// at puts the line of the thing at fault before the error.
func (i *importer) at(kind, id string, err error) error {
	if err == nil {
		return nil
	}
	var known *shouwang.Error
	if line := i.t.line(kind, id); line > 0 && errors.As(err, &known) {
		return shouwang.Errorf(known.Code, "line %d: %w", line, err)
	}
	return err
}

func (i *importer) town() error {
	town := Town{Timezone: i.e.world.Zone().String(), Purposes: i.e.world.Purposes(), Audiences: i.e.world.Audiences(), ViewGate: i.e.world.ViewGate()}
	if i.t.timezone != "" {
		town.Timezone = i.t.timezone
	}
	if i.t.purposes != nil {
		town.Purposes = i.t.purposes
	}
	if i.t.audiences != nil {
		town.Audiences = i.t.audiences
	}
	if i.t.viewGate != "" {
		town.ViewGate = i.t.viewGate
	}
	if err := i.e.setTown(town); err != nil {
		return err
	}
	i.report.Places, i.report.Units = len(i.t.places), len(i.t.units)
	if len(i.t.places) > 0 {
		if err := i.e.putPlaces(i.t.places); err != nil {
			return err
		}
	}
	return all(i, "unit", i.t.units, func(u *policy.Unit) (string, error) { return u.ID, i.e.putUnit(*u) })
}

func (i *importer) notices() error {
	return all(i, "notice", i.t.notices, func(n *papers.NoticeText) (string, error) { return n.Ref(), i.e.putNotice(n) })
}

// whole looks at what only the whole file can show: a unit's people come after it.
func (i *importer) whole() error {
	return all(i, "unit", i.t.units, func(u *policy.Unit) (string, error) { return u.ID, i.e.world.ValidateUnit(u) })
}

func (i *importer) people() error {
	i.report.People = len(i.t.people)
	return all(i, "person", i.t.people, func(p *person) (string, error) { return p.ID, i.e.putPrincipal(p.Principal) })
}

func (i *importer) cameras() error {
	i.report.Cameras = len(i.t.cameras)
	return all(i, "camera", i.t.cameras, func(c *importedCamera) (string, error) {
		cam := c.camera()
		if err := i.r.putCamera(i.e, &cam); err != nil {
			return string(cam.ID), err
		}
		return string(cam.ID), i.token(&cam)
	})
}

// token makes a publish token for a camera that pushes and has none.
func (i *importer) token(c *Camera) error {
	pushes := false
	for _, s := range c.Sources {
		pushes = pushes || s.Push
	}
	var have int
	err := i.e.tx.QueryRowContext(i.e.ctx, `SELECT count(*) FROM publish_tokens WHERE camera = ?`, c.ID).Scan(&have)
	if err != nil || !pushes || have > 0 {
		return err
	}
	token, err := i.e.newToken(c.ID, i.r.cfg.Clock())
	i.report.Tokens = append(i.report.Tokens, PublishToken{Camera: c.ID, Token: token})
	return err
}

func (i *importer) consents() error {
	return all(i, "consent", i.t.consents, func(written *policy.Consent) (string, error) {
		ref := written.Ref()
		have, err := versionsOf(i.e.tx.QueryContext(i.e.ctx, selectVersions, written.ID))
		if err != nil {
			return ref, fmt.Errorf("read consent %s: %w", ref, err)
		}
		var kept *policy.Consent
		for _, c := range have {
			if c.Version == written.Version {
				kept = c
			}
		}
		c, err := i.sealed(written, kept)
		if err != nil {
			return ref, err
		}
		if kept != nil {
			return ref, same(c, kept)
		}
		i.report.Consents++
		return ref, i.e.appendConsent(c)
	})
}

// sealed makes a first version that the file gives without its history a record
// like any other: given by the camera's owner when its term began, hashed, so
// that all later versions can be verified back to it. What comes with a history
// is taken as it is.
func (i *importer) sealed(c, kept *policy.Consent) (*policy.Consent, error) {
	if c.Version != 1 || c.State != policy.Given || c.RecordHash != "" || len(c.Events) > 0 {
		return c, nil
	}
	camera, ok := i.e.world.Camera(c.Camera)
	if !ok {
		return c, nil // refused in a moment, with the right words
	}
	at := i.r.cfg.Clock().UTC()
	switch {
	case !c.NotBefore.IsZero() && c.NotBefore.Before(at):
		at = c.NotBefore
	case kept != nil && len(kept.Events) > 0:
		at = kept.Events[0].Time
	}
	bare := *c
	bare.Version, bare.State = 0, ""
	return bare.Give(policy.Change{At: at, By: camera.Owner, Channel: "import"}, func(n *policy.Consent) {
		n.NotBefore, n.NotAfter, n.PauseUntil = c.NotBefore, c.NotAfter, c.PauseUntil
	})
}

// same reports a version that is in the register with other words.
func same(c, kept *policy.Consent) error {
	a, errA := json.Marshal(c)
	b, errB := json.Marshal(kept)
	if err := errors.Join(errA, errB); err != nil {
		return fmt.Errorf("read consent %s: %w", c.Ref(), err)
	}
	if string(a) != string(b) {
		return shouwang.Errorf(shouwang.CodeConflict, "consent %s is in the register with other words; a record is never edited, give the next version", c.Ref())
	}
	return nil
}

func (i *importer) papers() error {
	t, e := i.t, i.e
	i.report.Cases = len(t.cases)
	i.report.Others = len(t.incidents) + len(t.orders) + len(t.requests) + len(t.footage) + len(t.holds)
	return errors.Join(
		all(i, "case", t.cases, func(c *policy.Case) (string, error) { return c.ID, e.putCase(*c) }),
		all(i, "incident", t.incidents, func(n *policy.Incident) (string, error) { return n.ID, e.putIncident(*n) }),
		all(i, "order", t.orders, func(o *policy.Order) (string, error) { return o.ID, e.putOrder(*o) }),
		all(i, "subject request", t.requests, func(s *policy.SubjectRequest) (string, error) { return s.ID, e.putSubjectRequest(*s) }),
		all(i, "footage", t.footage, func(f *policy.Footage) (string, error) { return f.ID, e.putFootage(*f) }),
		all(i, "hold", t.holds, func(h *policy.Hold) (string, error) { return h.ID, e.putHold(*h) }),
	)
}

// all puts every item of a list, until one is refused.
func all[T any](i *importer, kind string, items []T, put func(*T) (string, error)) error {
	for n := range items {
		if id, err := put(&items[n]); err != nil {
			return i.at(kind, id, err)
		}
	}
	return nil
}
