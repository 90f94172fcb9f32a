package demo

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
	"time"

	"shouwang"
)

//go:embed township.yaml.tmpl
var townshipText string

// Source is how the service reaches a demo camera: a pull address, or none for
// one that pushes.
type Source struct{ URL string }

// Township returns the demo's township as `place import` reads it, with the
// cameras' sources filled in and consents from a month ago until eleven months
// from now. Every camera of the file must have a source.
func Township(now time.Time, sources map[shouwang.CameraID]Source) ([]byte, error) {
	type dates struct{ From, To, State string }
	from, to := now.AddDate(0, -1, 0).Format(time.RFC3339), now.AddDate(0, 11, 0).Format(time.RFC3339)
	tmpl, err := template.New("township").Funcs(template.FuncMap{
		"arg": func(d dates, state string) dates { d.State = state; return d },
		"source": func(_ dates, camera string) (string, error) {
			s, ok := sources[shouwang.CameraID(camera)]
			switch {
			case !ok:
				return "", fmt.Errorf("camera %s has no source", camera)
			case s.URL == "":
				return "[{kind: main, push: true}]", nil
			}
			return fmt.Sprintf("[{kind: main, url: %q}]", s.URL), nil
		},
	}).Parse(townshipText)
	if err != nil {
		return nil, fmt.Errorf("read demo township: %w", err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, dates{From: from, To: to}); err != nil {
		return nil, fmt.Errorf("fill in demo township: %w", err)
	}
	return out.Bytes(), nil
}
