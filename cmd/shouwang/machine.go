package main

import (
	"context"
	"os"
	"os/user"

	"shouwang/storage/registry"
)

// atMachine has every change of the register noted with who makes it and by which
// command: what is done here needs no second person, so oversight must see it.
func atMachine(ctx context.Context, act string) context.Context {
	return registry.FromMachine(ctx, osUser(), act)
}

// osUser names the operating system's user, behind sudo as well, and the host.
func osUser() string {
	who := "uid " + os.Getenv("USER")
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	if behind := os.Getenv("SUDO_USER"); behind != "" && behind != who {
		who += " (sudo: " + behind + ")"
	}
	if host, err := os.Hostname(); err == nil {
		who += "@" + host
	}
	return who
}
