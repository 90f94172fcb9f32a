// Command shouwang is the whole service in one static binary, and its tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"shouwang"
)

// version is set by the linker.
var version = "unknown"

// Exit codes, as the contract names them.
const (
	exitFailed   = 1
	exitBadUsage = 2
)

// cli is the command line; each command is a file of this folder.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Run the service."`
	Analyze     analyzeCmd     `cmd:"" help:"Run the analysis pipeline on a file or a stream and print what it finds."`
	Decide      decideCmd      `cmd:"" help:"Answer policy requests: JSON Lines in, decisions out."`
	Check       checkCmd       `cmd:"" help:"Verify the numbered invariants that live in data."`
	Camera      cameraCmd      `cmd:"" help:"Add, list, test and remove cameras."`
	Button      buttonCmd      `cmd:"" help:"Add, list and remove call buttons (SOS)."`
	User        userCmd        `cmd:"" help:"Add and list people who may sign in."`
	Policy      policyCmd      `cmd:"" help:"Check a folder of policies, or write out the ones built in."`
	Place       placeCmd       `cmd:"" help:"Import a township: places, people, cameras, consents."`
	Evidence    evidenceCmd    `cmd:"" help:"Verify an evidence package with the public key alone."`
	Receipt     receiptCmd     `cmd:"" help:"Verify a receipt with the public key alone."`
	Consent     consentCmd     `cmd:"" help:"Verify an exported consent record with the public key alone."`
	Bench       benchCmd       `cmd:"" help:"Measure speed on this machine."`
	Eval        evalCmd        `cmd:"" help:"Measure accuracy on labelled clips."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	Log         logCmd         `cmd:"" help:"Verify the public access log."`
	Report      reportCmd      `cmd:"" help:"Count a month of the access log for the public."`
	Witness     witnessCmd     `cmd:"" help:"Run a witness of access logs, at an outside body."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running service whether it is ready; exit 1 if not."`
}

// app is what every command gets: its streams, so that tests can hold them.
type app struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], app{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run carries out one command line and returns the exit code: 0 success, 1
// failed, 2 bad usage. Errors go to a.err as one line.
func run(ctx context.Context, args []string, a app) (code int) {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("shouwang"),
		kong.Description("Keeps watch over shared community cameras, as far as their owners consent."),
		kong.Writers(a.out, a.err),
		kong.Exit(func(code int) { exited = code; panic(exitNow{}) }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(a.err, "shouwang:", err)
		return exitFailed
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exitNow); !ok {
				panic(r)
			}
			code = exited
		}
	}()
	if len(args) > 0 && args[0] == "help" { // as people type it
		args = append(args[1:], "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(a.err, "shouwang: %v (see shouwang --help)\n", err)
		return exitBadUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(a)
	if err := parsed.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.err, "shouwang:", err)
		if c := shouwang.CodeOf(err); c == shouwang.CodeBadUsage || c == shouwang.CodeBadConfig || c == shouwang.CodeBadAddress {
			return exitBadUsage
		}
		return exitFailed
	}
	return 0
}

// exitNow unwinds to run when kong wants to exit (after --help).
type exitNow struct{}
