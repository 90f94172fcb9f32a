package main

import (
	"fmt"
	"os"

	"shouwang/storage/evidence"
)

type evidenceCmd struct {
	Verify evidenceVerifyCmd `cmd:"" help:"Say whether an evidence package is as it was signed, and what it is. Needs no network and no service."`
}

type evidenceVerifyCmd struct {
	File string   `arg:"" help:"The package, a zip file." type:"path"`
	Key  []string `required:"" help:"Public key (one line that begins with shouwang.papers+), or a file that holds one a line. Not the one inside the package." placeholder:"KEY|FILE"`
	JSON bool     `name:"json" help:"Print the manifest as one JSON object."`
}

// Run verifies one package; one that does not hold is exit 1.
func (c evidenceVerifyCmd) Run(a app) error {
	keys, err := readKeys(c.Key)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return usage("package cannot be read: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return usage("package cannot be read: %w", err)
	}
	m, err := evidence.Verify(f, info.Size(), keys...)
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLine(a.out, m)
	}
	_, err = fmt.Fprintf(a.out, "%s\nThe package holds: it is as it was signed.\n证据包有效：与签署时一致。\n", m)
	return err
}
