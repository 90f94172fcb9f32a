package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"shouwang"
	"shouwang/policy"
)

// Camera is one camera as the register keeps it: the vocabulary's camera and
// what only the rules look at.
type Camera struct {
	shouwang.Camera
	NameEn string
	// Filing is the basis of a camera of class public, nil when none is noted.
	Filing *policy.Filing
	// Drifted are the stretches in which the view was not the approved one.
	Drifted []shouwang.Span
	// ViewApprovedBy are the two people who approved the view as it is now.
	ViewApprovedBy []string
}

// cameraDoc is the part of a camera that lies in the database in clear.
type cameraDoc struct {
	ID          shouwang.CameraID   `json:"id"`
	Name        string              `json:"name,omitempty"`
	NameEn      string              `json:"name_en,omitempty"`
	Place       shouwang.PlaceID    `json:"place"`
	Position    shouwang.Position   `json:"position"`
	Aim         *shouwang.Aim       `json:"aim,omitempty"`
	Class       shouwang.LegalClass `json:"legal_class"`
	Mount       string              `json:"mount"`
	Owner       string              `json:"owner"`
	Sign        bool                `json:"sign"`
	Quarantined bool                `json:"quarantined"`
	Filing      *policy.Filing      `json:"filing,omitempty"`
	Masks       []shouwang.Polygon  `json:"masks,omitempty"`
	Drifted     []shouwang.Span     `json:"drifted,omitempty"`
	Approved    []string            `json:"view_approved_by,omitempty"`
}

func docOf(c *Camera) *cameraDoc {
	return &cameraDoc{
		ID: c.ID, Name: c.Name, NameEn: c.NameEn, Place: c.Place, Position: c.Position, Aim: c.Aim, Class: c.Class, Mount: c.Mount,
		Owner: c.Owner, Sign: c.Sign, Quarantined: c.Quarantined, Filing: c.Filing, Masks: c.Masks,
		Drifted: c.Drifted, Approved: c.ViewApprovedBy,
	}
}

func (d *cameraDoc) camera() Camera {
	return Camera{NameEn: d.NameEn, Filing: d.Filing, Drifted: d.Drifted, ViewApprovedBy: d.Approved, Camera: shouwang.Camera{
		ID: d.ID, Name: d.Name, Place: d.Place, Position: d.Position, Aim: d.Aim, Class: d.Class, Mount: d.Mount,
		Owner: d.Owner, Sign: d.Sign, Quarantined: d.Quarantined, Masks: d.Masks,
	}}
}

func (d *cameraDoc) forRules() *policy.Camera {
	return &policy.Camera{
		ID: policy.CameraResource(d.ID), Name: d.Name, NameEn: d.NameEn, Place: d.Place, Position: policy.Position(d.Position),
		LegalClass: d.Class, Mount: d.Mount, Owner: d.Owner, Sign: d.Sign, Quarantined: d.Quarantined, Filing: d.Filing,
		Drifted: d.Drifted, ViewApprovedBy: d.Approved, Consents: []*policy.Consent{},
	}
}

// Cameras returns all cameras by id, with their addresses in clear: hand them
// to ingest and to nobody else.
func (r *Registry) Cameras(ctx context.Context) (cameras []Camera, err error) {
	tx, err := r.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read cameras: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	at := map[shouwang.CameraID]int{}
	err = each(ctx, tx, "cameras", func(_ string, d *cameraDoc) error {
		at[d.ID] = len(cameras)
		cameras = append(cameras, d.camera())
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.eachSource(ctx, tx, "", func(id shouwang.CameraID, s shouwang.Source) {
		if i, ok := at[id]; ok {
			cameras[i].Sources = append(cameras[i].Sources, s)
		}
	})
	return cameras, err
}

// Camera returns one camera with its addresses in clear, or CodeNotFound.
func (r *Registry) Camera(ctx context.Context, id shouwang.CameraID) (Camera, error) {
	tx, err := r.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Camera{}, fmt.Errorf("read camera %s: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }()
	return r.camera(ctx, tx, id)
}

func (r *Registry) camera(ctx context.Context, tx *sql.Tx, id shouwang.CameraID) (Camera, error) {
	var body []byte
	err := tx.QueryRowContext(ctx, `SELECT body FROM cameras WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return Camera{}, noCamera(id)
	}
	if err != nil {
		return Camera{}, fmt.Errorf("read camera %s: %w", id, err)
	}
	var doc cameraDoc
	if err := json.Unmarshal(body, &doc); err != nil {
		return Camera{}, unreadable("read camera %s: %w", id, err)
	}
	c := doc.camera()
	err = r.eachSource(ctx, tx, string(id), func(_ shouwang.CameraID, s shouwang.Source) {
		c.Sources = append(c.Sources, s)
	})
	return c, err
}

func noCamera(id shouwang.CameraID) error {
	return shouwang.Errorf(shouwang.CodeNotFound, "camera %q: there is none", id)
}

// eachSource reads the sources of the camera named, or of all for "".
func (r *Registry) eachSource(ctx context.Context, tx *sql.Tx, only string, f func(shouwang.CameraID, shouwang.Source)) error {
	rows, err := tx.QueryContext(ctx, `SELECT camera, kind, push, sealed_url FROM sources
		WHERE ?1 = '' OR camera = ?1 ORDER BY camera, kind`, only)
	if err != nil {
		return fmt.Errorf("read cameras: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id shouwang.CameraID
		var s shouwang.Source
		var sealed []byte
		if err := rows.Scan(&id, &s.Kind, &s.Push, &sealed); err != nil {
			return fmt.Errorf("read cameras: %w", err)
		}
		plain, err := r.seal.Open(sourceName(id, s.Kind), sealed)
		if err != nil {
			return err
		}
		s.URL = string(plain)
		f(id, s)
	}
	return rows.Err()
}

func sourceName(id shouwang.CameraID, kind shouwang.StreamKind) string {
	return "the " + string(kind) + " stream of camera " + string(id)
}

// PutCamera adds a camera or replaces all of one but its consents and publish
// token. A resident's camera that hangs in a public place is refused (2025
// Regulation, art. 33), and so is a new one by an id for which consents were
// given: they were for the camera that was there. allow is asked with the newest
// world inside the transaction, and its error undoes all.
func (r *Registry) PutCamera(ctx context.Context, c Camera, allow ...func(*policy.World) error) error {
	return r.apply(ctx, func(e *edit) error {
		if err := allowed(e, allow); err != nil {
			return err
		}
		if err := e.freeID(c.ID); err != nil {
			return err
		}
		return r.putCamera(e, &c)
	})
}

func allowed(e *edit, allow []func(*policy.World) error) error {
	for _, ask := range allow {
		if err := ask(e.world); err != nil {
			return err
		}
	}
	return nil
}

// freeID refuses the id of a camera that is gone and has consents on record.
func (e *edit) freeID(id shouwang.CameraID) error {
	resource := policy.CameraResource(id)
	if _, there := e.world.Camera(resource); there {
		return nil
	}
	var given int
	if err := e.tx.QueryRowContext(e.ctx, `SELECT count(*) FROM consents WHERE camera = ?`, resource).Scan(&given); err != nil {
		return fmt.Errorf("read consents of %s: %w", id, err)
	}
	if given > 0 {
		return shouwang.Errorf(shouwang.CodeConflict, "camera %q: consents given for a camera of this id are on record; choose another id, and ask the owner anew", id)
	}
	return nil
}

// HangCamera changes where a camera hangs, whose it is and on which basis.
// allow is asked with the newest world inside the transaction, and its error
// undoes all.
func (r *Registry) HangCamera(ctx context.Context, to policy.Standing, allow func(*policy.World) error) error {
	return r.apply(ctx, func(e *edit) error {
		if err := allow(e.world); err != nil {
			return err
		}
		c, err := r.camera(ctx, e.tx, shouwang.CameraID(strings.TrimPrefix(to.Camera, policy.CameraResource(""))))
		if err != nil {
			return err
		}
		c.Place, c.Owner, c.Class, c.Mount, c.Filing = to.Place, to.Owner, to.LegalClass, to.Mount, to.Filing
		return r.putCamera(e, &c)
	})
}

func (r *Registry) putCamera(e *edit, c *Camera) error {
	if err := r.keepView(e, c); err != nil {
		return err
	}
	return r.writeCamera(e, c)
}

func (r *Registry) writeCamera(e *edit, c *Camera) error {
	if err := checkCamera(c); err != nil {
		return err
	}
	doc := docOf(c)
	rules := doc.forRules()
	if old, ok := e.world.Camera(rules.ID); ok {
		rules.Consents = old.Consents
	}
	next, err := e.world.WithCamera(rules)
	if err != nil {
		return err
	}
	e.world = next
	if err := e.put("cameras", string(c.ID), doc); err != nil {
		return err
	}
	if err := e.exec(`DELETE FROM sources WHERE camera = ?`, c.ID); err != nil {
		return err
	}
	for _, s := range c.Sources {
		sealed := r.seal.Seal(sourceName(c.ID, s.Kind), []byte(s.URL))
		if err := e.exec(`INSERT INTO sources VALUES (?, ?, ?, ?)`, c.ID, s.Kind, s.Push, sealed); err != nil {
			return err
		}
	}
	return nil
}

func checkCamera(c *Camera) error {
	seen := map[shouwang.StreamKind]bool{}
	for _, s := range c.Sources {
		switch {
		case s.Kind != shouwang.StreamMain && s.Kind != shouwang.StreamSub:
			return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q: stream kind %q is none of main, sub", c.ID, s.Kind)
		case seen[s.Kind]:
			return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q: has two %s streams", c.ID, s.Kind)
		case s.Push == (s.URL != ""):
			return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q: give the %s stream an address or push, one of them", c.ID, s.Kind)
		}
		seen[s.Kind] = true
	}
	if err := c.Aim.Check(); err != nil {
		return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q: %w", c.ID, err)
	}
	if err := policy.CheckOnboarding(c.Class, c.Mount); err != nil {
		return shouwang.Errorf(shouwang.CodeOf(err), "camera %q: %w", c.ID, err)
	}
	return nil
}

// RemoveCamera forgets a camera, its addresses and token. Its consents stay on
// record.
func (r *Registry) RemoveCamera(ctx context.Context, id shouwang.CameraID) error {
	return r.apply(ctx, func(e *edit) error {
		e.world = e.world.WithoutCamera(policy.CameraResource(id))
		return e.drop("cameras", string(id))
	})
}

// EditCamera changes one camera: f is given it as it is, with its addresses.
func (r *Registry) EditCamera(ctx context.Context, id shouwang.CameraID, f func(*Camera) error) error {
	return r.apply(ctx, func(e *edit) error {
		c, err := r.camera(ctx, e.tx, id)
		if err != nil {
			return err
		}
		if err := f(&c); err != nil {
			return err
		}
		if c.ID != id {
			return shouwang.Errorf(shouwang.CodeBadUsage, "camera %q: an id is for life", id)
		}
		return r.putCamera(e, &c)
	})
}

// NewPublishToken makes a new token for a camera that pushes and returns it;
// the register keeps its hash only. An old token no longer works.
func (r *Registry) NewPublishToken(ctx context.Context, id shouwang.CameraID) (token string, err error) {
	err = r.apply(ctx, func(e *edit) error {
		token, err = e.newToken(id, r.cfg.Clock())
		return err
	})
	return token, err
}

func (e *edit) newToken(id shouwang.CameraID, now time.Time) (string, error) {
	if _, ok := e.world.Camera(policy.CameraResource(id)); !ok {
		return "", noCamera(id)
	}
	token := rand.Text()
	return token, e.exec(`INSERT INTO publish_tokens VALUES (?, ?, ?)
		ON CONFLICT (camera) DO UPDATE SET token_hash = excluded.token_hash, made = excluded.made`,
		id, hashToken(token), now.UTC().Format(time.RFC3339))
}

// hashToken needs no slow hash: a token has 128 random bits.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte("shouwang publish token\n" + token))
	return sum[:]
}

// CheckPublishToken reports whether the token opens the camera's push address.
func (r *Registry) CheckPublishToken(ctx context.Context, id shouwang.CameraID, token string) (bool, error) {
	var want []byte
	err := r.reader.QueryRowContext(ctx, `SELECT token_hash FROM publish_tokens WHERE camera = ?`, id).Scan(&want)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read publish token of %s: %w", id, err)
	}
	return subtle.ConstantTimeCompare(hashToken(token), want) == 1, nil
}
