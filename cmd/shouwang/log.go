package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"shouwang"
	"shouwang/storage/ledger"
	"shouwang/storage/ledger/checkpoint"
	"shouwang/storage/ledger/witness"
)

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Verify a whole access log with its public key alone: signatures, cosignatures, every entry, nothing dropped, reordered or split."`
}

type logVerifyCmd struct {
	URL        string   `name:"url" xor:"where" required:"" help:"Address of the service, or of a log's files, such as https://service.example or https://mirror.example/log."`
	Dir        string   `xor:"where" required:"" type:"path" help:"Folder with a log's files instead: a mirror, or the service's ledger/public."`
	Key        string   `required:"" help:"The log's public key (NAME+HASH+KEY), had from elsewhere than the log itself."`
	WitnessKey []string `name:"witness-key" help:"Public key of a witness; once for each."`
	Quorum     int      `help:"How many of them must have cosigned; all of those named when absent."`
	Witness    []string `help:"Address of a witness: what it has seen of the log must be part of it."`
	Seen       []string `type:"path" help:"File with a checkpoint kept from earlier, from a receipt or another person; once for each."`
	Remember   string   `type:"path" help:"File that keeps the newest checkpoint from one time to the next: the log must continue it."`
}

// Run verifies and prints what it found; it fails when anything is wrong.
func (c logVerifyCmd) Run(ctx context.Context, a app) error {
	if c.Quorum < 0 || c.Quorum > len(c.WitnessKey) {
		return usage("--quorum %d: there are %d witness keys", c.Quorum, len(c.WitnessKey))
	}
	seen, err := c.seen(ctx)
	if err != nil {
		return err
	}
	report, err := ledger.VerifyLog(ctx, c.source(), c.trust(), seen, nil)
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		fmt.Fprintln(a.out, p)
	}
	if !report.OK() {
		return shouwang.Errorf(shouwang.CodeTampered, "the log is not as it was written: keep what you have of it, the checkpoints above all, and tell the oversight body")
	}
	fmt.Fprintf(a.out, "%d entries verified\n", report.Size)
	for _, sig := range report.Cosigned {
		fmt.Fprintf(a.out, "cosigned by %s at %s\n", sig.Name, sig.At.Format(time.RFC3339))
	}
	if len(seen) > 0 {
		fmt.Fprintf(a.out, "continues the %d checkpoint(s) seen before or elsewhere\n", len(seen))
	}
	if c.Remember != "" {
		return checkpoint.WriteSynced(c.Remember, report.Head, 0o644)
	}
	return nil
}

func (c logVerifyCmd) source() ledger.Source {
	if c.URL != "" {
		return ledger.Web{Base: ledger.Address(c.URL)}
	}
	if len(c.WitnessKey) > 0 {
		return ledger.Cosigned(c.Dir)
	}
	return ledger.Folder(c.Dir)
}

func (c logVerifyCmd) trust() checkpoint.Trust {
	t := checkpoint.Trust{Key: c.Key, Witnesses: c.WitnessKey, Quorum: c.Quorum}
	if t.Quorum == 0 {
		t.Quorum = len(c.WitnessKey)
	}
	return t
}

// seen gathers checkpoints that the log must have passed through.
func (c logVerifyCmd) seen(ctx context.Context) (list []string, err error) {
	name, _, _ := strings.Cut(c.Key, "+")
	for _, address := range c.Witness {
		raw, err := ledger.Web{Base: strings.TrimRight(address, "/")}.Read(ctx, "checkpoint/"+witness.LogID(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has seen nothing of this log yet
		}
		if err != nil {
			return nil, err
		}
		list = append(list, string(raw))
	}
	for _, path := range c.Seen {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, usage("checkpoint %s cannot be read: %w", path, err)
		}
		list = append(list, string(raw))
	}
	if c.Remember == "" {
		return list, nil
	}
	raw, err := os.ReadFile(c.Remember)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil // the first time
	}
	if err != nil {
		return nil, usage("checkpoint %s cannot be read: %w", c.Remember, err)
	}
	return append(list, string(raw)), nil
}
