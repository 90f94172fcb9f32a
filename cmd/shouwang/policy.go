package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"shouwang/policy/gate"
)

type policyCmd struct {
	Check policyCheckCmd `cmd:"" help:"Say whether a folder of Cedar files can be put in force, and its hash."`
	Write policyWriteCmd `cmd:"" help:"Write the policies built in to a folder, to begin with."`
}

type policyCheckCmd struct {
	Folder string `arg:"" help:"Folder with schema.cedarschema and *.cedar."`
}

// Run reads the folder as the service would.
func (c policyCheckCmd) Run(a app) error {
	rules, err := gate.ParseRules(os.DirFS(c.Folder))
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%d policies, %s\n", rules.Len(), rules.Hash())
	return nil
}

type policyWriteCmd struct {
	Folder string `arg:"" help:"Folder to make; files that are there already are left as they are."`
}

// Run writes the files.
func (c policyWriteCmd) Run(a app) error {
	files := gate.BuiltinFiles()
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return usage("folder %s cannot be made: %w", c.Folder, err)
	}
	names, err := fs.Glob(files, "*")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if err := writeNew(filepath.Join(c.Folder, name), text); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.out, "%d files in %s; name the folder as policies in the configuration\n", len(names), c.Folder)
	return nil
}

func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usage("file %s cannot be made: %w", path, err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
