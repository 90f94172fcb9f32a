package main

import (
	"fmt"
	"time"

	"shouwang"
	"shouwang/cmd/internal/service"
)

type cameraQuarantineCmd struct {
	dataFlags
	JSON bool `name:"json" help:"JSON Lines."`
}

// Run lists the cameras that are shut out of analysis.
func (c cameraQuarantineCmd) Run(a app) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	list, err := service.ListBarred(cfg.Data)
	if err != nil {
		return err
	}
	for _, b := range list {
		if c.JSON {
			err = jsonLine(a.out, b)
		} else {
			_, err = fmt.Fprintf(a.out, "%-16s since %s until %s: %s\n", b.Camera, b.Since.Local().Format(time.DateTime), b.Until.Local().Format(time.DateTime), b.Reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type cameraReleaseCmd struct {
	dataFlags
	ID string `arg:"" help:"Camera id."`
}

// Run lets a camera into analysis again; a running service notices.
func (c cameraReleaseCmd) Run(a app) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := service.ReleaseBarred(cfg.Data, shouwang.CameraID(c.ID)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "camera %s is released; a running service looks at it again within seconds\n", c.ID)
	return err
}
