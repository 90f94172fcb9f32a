package registry_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/registry"
)

func TestConsentVersionsFollowOneAnother(t *testing.T) {
	r, _ := fresh(t)
	seed(t, r)
	ctx := t.Context()
	by := policy.Change{At: noon, By: "resident:li", Channel: "app"}
	asked, err := policy.NewConsent(*consent(1, ""), by)
	must(t, err)
	unsealed := *asked
	unsealed.RecordHash = "sha256:made-up"
	wantCode(t, r.AppendConsent(ctx, &unsealed), shouwang.CodeTampered)
	must(t, r.AppendConsent(ctx, asked))
	given, err := asked.Give(by, nil)
	must(t, err)
	for name, c := range map[string]struct {
		spoil func(*policy.Consent)
		code  shouwang.Code
	}{
		"same version":   {func(c *policy.Consent) { c.Version = 1 }, shouwang.CodeConflict},
		"hole":           {func(c *policy.Consent) { c.Version = 3 }, shouwang.CodeConflict},
		"other purpose":  {func(c *policy.Consent) { c.Purpose = "emergency" }, shouwang.CodeConflict},
		"no predecessor": {func(c *policy.Consent) { c.PrevHash = "" }, shouwang.CodeConflict},
		"another's hash": {func(c *policy.Consent) { c.PrevHash = "sha256:two" }, shouwang.CodeConflict},
		"edited after":   {func(c *policy.Consent) { c.RetentionDays = 30 }, shouwang.CodeTampered},
		"not sealed":     {func(c *policy.Consent) { c.RecordHash = "" }, shouwang.CodeTampered},
	} {
		bad := *given
		c.spoil(&bad)
		if err := r.AppendConsent(ctx, &bad); shouwang.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	stranger := consent(1, policy.Given)
	stranger.ID, stranger.Camera = "c-99", "camera:nobody"
	wantCode(t, r.AppendConsent(ctx, stranger), shouwang.CodeNotFound)
	must(t, r.AppendConsent(ctx, given))
	withdrawn, err := given.Withdraw(by)
	must(t, err)
	must(t, r.AppendConsent(ctx, withdrawn))
	if c, _ := world(t, r).Consent("camera:door-17", "public_safety"); c.State != policy.Withdrawn {
		t.Errorf("the present state is %s", c.State)
	}
	versions, err := r.Consents(ctx, "c-17")
	must(t, err)
	must(t, policy.VerifyChain(versions))
}

func TestOnlyOneOfTwoRacersAppends(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	other := open(t, path) // as another process would
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			errs[i] = []*registry.Registry{r, other}[i%2].AppendConsent(context.Background(), consent(1, policy.Given))
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantCode(t, err, shouwang.CodeConflict)
		}
	}
	if won != 1 {
		t.Errorf("%d writers won version 1", won)
	}
}

func TestConsentsOutliveTheirCamera(t *testing.T) {
	r, path := fresh(t)
	seed(t, r)
	must(t, r.AppendConsent(t.Context(), consent(1, policy.Given)))
	must(t, r.RemoveCamera(t.Context(), "door-17"))
	must(t, r.Close())
	versions, err := open(t, path).Consents(t.Context(), "c-17")
	if err != nil || len(versions) != 1 {
		t.Errorf("versions: %v, %v", versions, err)
	}
}

// raw opens the file as somebody with a SQLite shell would.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	// The path has a question mark, so it is escaped as SQLite's URIs want it.
	escaped := strings.NewReplacer("?", "%3f", "#", "%23", " ", "%20").Replace(path)
	db, err := sql.Open("sqlite", "file:"+escaped+"?_pragma=busy_timeout(5000)")
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestEditedConsentIsFoundOut(t *testing.T) {
	for name, edit := range map[string]string{
		"edited body":     `UPDATE consents SET body = replace(body, 'withdrawn', 'given') WHERE version = 3`,
		"edited column":   `UPDATE consents SET camera = 'camera:other' WHERE version = 2`,
		"dropped newest":  `DELETE FROM consents WHERE version = 3`,
		"dropped middle":  `DELETE FROM consents WHERE version = 2`,
		"dropped oldest":  `DELETE FROM consents WHERE version = 1`,
		"swapped order":   `UPDATE consents SET seq = CASE version WHEN 2 THEN 93 ELSE 92 END WHERE version > 1`,
		"added by hand":   `INSERT INTO consents (consent, version, camera, body, hash) SELECT consent, 4, camera, body, hash FROM consents WHERE version = 1`,
		"emptied history": `DELETE FROM consents`,
	} {
		t.Run(name, func(t *testing.T) {
			r, path := fresh(t)
			seed(t, r)
			for i, state := range []policy.ConsentState{policy.Requested, policy.Given, policy.Withdrawn} {
				must(t, r.AppendConsent(t.Context(), consent(i+1, state)))
			}
			db := raw(t, path)
			if !strings.HasPrefix(edit, "INSERT") {
				if _, err := db.Exec(edit); err == nil || !strings.Contains(err.Error(), "never") {
					t.Errorf("the database let it pass: %v", err)
				}
			}
			changed := r.Watch(t.Context())
			_, err := db.Exec(`DROP TRIGGER consents_are_never_edited; DROP TRIGGER consents_are_never_deleted; ` + edit +
				`; UPDATE meta SET value = value + 1 WHERE key = 'revision'`)
			must(t, err)
			// The running server no longer says what may be done …
			eventually(t, changed, func() bool {
				_, err := r.World(t.Context())
				return shouwang.CodeOf(err) == shouwang.CodeTampered
			})
			// … and does not start again.
			must(t, r.Close())
			again, err := registry.Open(t.Context(), registry.Config{Path: path})
			if err == nil {
				_ = again.Close()
			}
			wantCode(t, err, shouwang.CodeTampered)
		})
	}
}
