package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"time"

	"shouwang"
)

type versionCmd struct{}

// Run prints the version and what it was built with.
func (versionCmd) Run(a app) error {
	_, err := fmt.Fprintf(a.out, "shouwang %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

type healthcheckCmd struct {
	HTTP string `default:"127.0.0.1:8080" help:"Address of the service."`
}

// Run asks /readyz and fails unless the answer is 200.
func (c healthcheckCmd) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(c.HTTP)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeBadUsage, "--http %q is not HOST:PORT", c.HTTP)
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return shouwang.Errorf(shouwang.CodeUnreachable, "nothing answers at %s: is shouwang serve running there? (%w)", c.HTTP, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return shouwang.Errorf(shouwang.CodeInternal, "the service at %s is not ready: %s", c.HTTP, resp.Status)
	}
	return nil
}
