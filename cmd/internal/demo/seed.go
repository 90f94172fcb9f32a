package demo

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	for _, p := range report.Passwords {
		if err := reg.UpdateAccount(ctx, p.Login, func(a *shouwang.Account) error { a.MustChange = false; return nil }); err != nil {
			return s, err
		}
	}
	return s, nil
}

// faces says which page each of the demo's people is for.
var faces = map[string]string{
	"officer:chen":  "the wall, as dispatcher",
	"kiosk:wall-1":  "the wall, as a screen nobody types at",
	"officer:wang":  "evidence, as investigator",
	"officer:pu":    "second person for exports",
	"resident:li":   "consent, as a resident (two cameras, one paused)",
	"resident:gao":  "consent, as a resident",
	"admin:ops":     "running it, as administrator: no pictures",
	"officer:audit": "oversight: the access log, no pictures",
}

// print says where the demo is and how to sign in.
func (s seeded) print(o Options, took time.Duration) {
	fmt.Fprintf(o.Out, "\ndemo: the township is up after %s: open http://%s\n\n", took.Round(time.Second), o.HTTP)
	table := tabwriter.NewWriter(o.Out, 2, 4, 3, ' ', 0)
	fmt.Fprintln(table, "  sign in as\tpassword\twhat you will see")
	for _, p := range s.people {
		if face := faces[p.Principal]; face != "" {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Login, p.Password, face)
		}
	}
	table.Flush()
	fmt.Fprintf(o.Out, "\ndemo: cameras push to rtsp://%s/push/CAMERA-ID; the data lies in %s; Ctrl-C stops everything\n", o.RTSP, o.Data)
}
