package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
	"shouwang/storage/registry"
)

// seeded is what the seeding made that is printed once and kept nowhere.
type seeded struct {
	people []registry.FirstPassword
	tokens map[shouwang.CameraID]string
	button string // token of the call button
}

// seed makes the data folder and fills the register with the township. The
// first passwords open the accounts at once: a demo does not ask for new ones.
func seed(ctx context.Context, o Options, sources map[shouwang.CameraID]Source) (s seeded, err error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return s, fmt.Errorf("make %s: %w", o.Data, err)
	}
	if err := os.WriteFile(filepath.Join(o.Data, marker), []byte("made by make demo; removed at its next start\n"), 0o600); err != nil {
		return s, err
	}
	cfg := service.Defaults()
	cfg.Data = o.Data
	reg, err := service.OpenRegistry(ctx, cfg, o.Log)
	if err != nil {
		return s, err
	}
	defer func() {
		if cerr := reg.Close(); err == nil {
			err = cerr
		}
	}()
	town, err := Township(time.Now(), sources)
	if err != nil {
		return s, err
	}
	report, err := reg.Import(ctx, bytes.NewReader(town), service.HashPassword(ctx))
	if err != nil {
		return s, err
	}
	s.people, s.tokens = report.Passwords, map[shouwang.CameraID]string{}
	for _, t := range report.Tokens {
		s.tokens[t.Camera] = t.Token
	}
	if s.button, err = seedButtons(ctx, cfg); err != nil {
		return s, err
	}
	for _, p := range report.Passwords {
		if err := reg.UpdateAccount(ctx, p.Login, func(a *shouwang.Account) error { a.MustChange = false; return nil }); err != nil {
			return s, err
		}
	}
	return s, nil
}

// seedButtons registers the call buttons and returns the token of the first.
func seedButtons(ctx context.Context, cfg service.Config) (token string, err error) {
	desk, err := service.OpenDesk(ctx, cfg)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, desk.Close()) }()
	for _, b := range []shouwang.Button{
		{ID: "li-bedside", Household: "李秀兰（78岁，独居）", Phone: "138 0000 0012", Place: "house-12", Position: shouwang.Position{Lat: 25.7020, Lon: 103.8313}, HeartbeatS: 12 * 3600},
		{ID: "sun-kitchen", Household: "孙玉", Place: "house-16", Position: shouwang.Position{Lat: 25.7026, Lon: 103.8305}, HeartbeatS: 12 * 3600},
	} {
		made, err := desk.PutButton(ctx, b, false)
		if err != nil {
			return "", err
		}
		if token == "" {
			token = made
		}
	}
	return token, nil
}

// faces says which page each of the demo's people is for.
var faces = map[string]string{
	"officer:chen":  "the wall, as dispatcher",
	"kiosk:wall-1":  "the wall, as a screen nobody types at",
	"officer:duan":  "the wall, as grid worker",
	"officer:wang":  "evidence, as investigator",
	"officer:pu":    "second person for exports",
	"resident:li":   "consent, as a resident (two cameras, one paused)",
	"resident:gao":  "consent, as a resident",
	"admin:ops":     "running it, as administrator: no pictures",
	"officer:audit": "oversight: the access log, no pictures",
}

// print says where the demo is and how to sign in.
func (s seeded) print(o Options, took time.Duration) {
	fmt.Fprintf(o.Out, "\ndemo: the township is up after %s: open http://%s\n\n", took.Round(time.Second), named(o.HTTP))
	table := tabwriter.NewWriter(o.Out, 2, 4, 3, ' ', 0)
	fmt.Fprintln(table, "  sign in as\tpassword\twhat you will see")
	for _, p := range s.people {
		if face := faces[p.Principal]; face != "" {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Login, p.Password, face)
		}
	}
	table.Flush()
	fmt.Fprintf(o.Out, "\ndemo: an old lady presses her button: curl -X POST http://%s/api/hooks/sos/li-bedside -H 'Authorization: Bearer %s'\n", o.HTTP, s.button)
	fmt.Fprintf(o.Out, "demo: cameras push to rtsp://%s/push/CAMERA-ID; the data lies in %s; Ctrl-C stops everything\n", o.RTSP, o.Data)
}

// named is an address as a person should open it: browsers give passkeys to
// names alone, and to this one without TLS.
func named(address string) string { return strings.Replace(address, "127.0.0.1:", "localhost:", 1) }
