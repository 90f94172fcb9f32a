package main

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/probe"
	"shouwang/ingest/rtsp"
	"shouwang/storage/registry"
)

type cameraCmd struct {
	Add        cameraAddCmd        `cmd:"" help:"Add a camera, or replace all of one but its consents."`
	List       cameraListCmd       `cmd:"" help:"List the cameras."`
	Test       cameraTestCmd       `cmd:"" help:"Connect to an address and say what it sends."`
	Remove     cameraRemoveCmd     `cmd:"" help:"Forget a camera; its consents stay on record, its recordings are erased."`
	Quarantine cameraQuarantineCmd `cmd:"" help:"List cameras that are shut out of analysis because their streams kill analyzers."`
	Release    cameraReleaseCmd    `cmd:"" help:"Let a camera out of quarantine."`
}

type cameraAddCmd struct {
	dataFlags
	ID    string `arg:"" help:"Camera id: lower-case letters, digits, dots and hyphens."`
	Name  string `help:"Name that people read."`
	Main  string `name:"main" help:"Address of the main stream, rtsp:// or rtsps://."`
	Sub   string `name:"sub" help:"Address of the sub-stream, for analysis."`
	Push  bool   `help:"The camera pushes its stream to us; prints its publish token."`
	Place string `required:"" help:"Place it hangs at."`
	At    string `name:"position" help:"Latitude,longitude in degrees."`
	Class string `name:"legal-class" required:"" enum:"public,premises,resident" help:"public, premises or resident."`
	Mount string `required:"" enum:"own_premises,shared_premises,public" help:"Where it physically hangs."`
	Owner string `required:"" help:"resident:NAME or unit:NAME."`
	Sign  bool   `help:"The sign that tells passers-by hangs."`
}

var ownerForm = regexp.MustCompile(`^(resident|unit):.+$`)

// Run adds the camera.
func (c cameraAddCmd) Run(ctx context.Context, a app) error {
	cam, err := c.camera()
	if err != nil {
		return err
	}
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		if err := r.PutCamera(atMachine(ctx, "camera add "+string(cam.ID)), cam); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "camera %s is in the register; nothing is analysed, recorded or shown before there is a consent or filing\n", cam.ID)
		if !c.Push {
			return nil
		}
		token, err := r.NewPublishToken(ctx, cam.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "publish token of camera %s: %s\n", cam.ID, token)
		return err
	})
}

func (c cameraAddCmd) camera() (registry.Camera, error) {
	cam := registry.Camera{Camera: shouwang.Camera{
		ID: shouwang.CameraID(c.ID), Name: c.Name, Place: shouwang.PlaceID(c.Place), Class: shouwang.LegalClass(c.Class),
		Mount: c.Mount, Owner: c.Owner, Sign: c.Sign,
	}}
	switch {
	case !cam.ID.Valid():
		return cam, usage("camera id %q: write lower-case letters, digits, dots and hyphens, at most 64", c.ID)
	case !ownerForm.MatchString(c.Owner):
		return cam, usage("--owner %q: write resident:NAME or unit:NAME", c.Owner)
	case c.Push == (c.Main != ""):
		return cam, usage("camera %s: give --main ADDRESS or --push, one of them", c.ID)
	case c.Push:
		cam.Sources = []shouwang.Source{{Kind: shouwang.StreamMain, Push: true}}
	default:
		cam.Sources = []shouwang.Source{{Kind: shouwang.StreamMain, URL: c.Main}}
		if c.Sub != "" {
			cam.Sources = append(cam.Sources, shouwang.Source{Kind: shouwang.StreamSub, URL: c.Sub})
		}
	}
	for _, s := range cam.Sources {
		if !s.Push && !strings.HasPrefix(s.URL, "rtsp://") && !strings.HasPrefix(s.URL, "rtsps://") {
			return cam, shouwang.Errorf(shouwang.CodeBadAddress, "camera %s: an address begins with rtsp:// or rtsps://", c.ID)
		}
	}
	if c.At != "" {
		if _, err := fmt.Sscanf(c.At, "%f,%f", &cam.Position.Lat, &cam.Position.Lon); err != nil {
			return cam, usage("--position %q: write latitude,longitude, as 25.7021,103.8312", c.At)
		}
	}
	if !cam.Position.Valid() {
		return cam, usage("--position %q is not on the earth: latitude -90 to 90, longitude -180 to 180 degrees", c.At)
	}
	return cam, nil
}

type cameraListCmd struct {
	dataFlags
	JSON bool `name:"json" help:"JSON Lines."`
}

// Run lists the cameras; passwords in addresses are cut.
func (c cameraListCmd) Run(ctx context.Context, a app) error {
	return c.withRegister(ctx, a, func(r *registry.Registry) error {
		cameras, err := r.Cameras(ctx)
		if err != nil {
			return err
		}
		for _, cam := range cameras {
			for i, s := range cam.Sources {
				if !s.Push {
					cam.Sources[i].URL = shouwang.RedactURL(s.URL)
				}
			}
			if c.JSON {
				err = jsonLine(a.out, cam.Camera)
			} else {
				_, err = fmt.Fprintf(a.out, "%-16s %-10s %-14s %-18s %s\n", cam.ID, cam.Class, cam.Place, cam.Owner, sources(cam.Sources))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func sources(list []shouwang.Source) string {
	var out []string
	for _, s := range list {
		if s.Push {
			out = append(out, string(s.Kind)+"=push")
		} else {
			out = append(out, string(s.Kind)+"="+s.URL)
		}
	}
	return strings.Join(out, " ")
}

type cameraRemoveCmd struct {
	dataFlags
	ID string `arg:"" help:"Camera id."`
}

// Run forgets the camera.
func (c cameraRemoveCmd) Run(ctx context.Context, a app) error {
	return c.withRegistry(ctx, a, func(r *registry.Registry) error {
		return r.RemoveCamera(atMachine(ctx, "camera remove "+c.ID), shouwang.CameraID(c.ID))
	})
}

type cameraTestCmd struct {
	dataFlags
	Address string         `arg:"" help:"rtsp:// or rtsps:// address."`
	Allow   []netip.Prefix `help:"Networks that may be dialled although they are loopback or link-local."`
	JSON    bool           `name:"json" help:"JSON."`
}

// Run connects, watches for a few seconds and says what comes.
func (c cameraTestCmd) Run(ctx context.Context, a app) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	g := &guard.Guard{Allow: append(c.Allow, cfg.Ingest.Allow...), Deny: cfg.Ingest.Deny, Only: cfg.Ingest.OnlyAllowed, Timeout: cfg.Ingest.Timeout}
	r, err := probe.Probe(ctx, c.Address, g, probe.Options{TLS: rtsp.TLS{Insecure: cfg.Ingest.TLSInsecure}})
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLine(a.out, r)
	}
	clock := "unknown: it sends no sender reports"
	if r.ClockKnown {
		clock = fmt.Sprintf("%s ahead of ours, within %s", r.Offset.Round(time.Millisecond), r.Uncertainty.Round(time.Millisecond))
	}
	_, err = fmt.Fprintf(a.out, "%s %dx%d, %.1f pictures a second, %.0f kbit/s, key frame every %.1f s, over %s, %d lost; its clock: %s\n",
		r.CodecName, r.Width, r.Height, r.FPS, r.Bitrate/1000, r.GOP.Seconds(), r.Transport, r.Lost, clock)
	return err
}
