package main

import "context"

type benchCmd struct{}

// Run is filled in by bench's own commit.
func (benchCmd) Run(context.Context, app) error { return usage("bench: not here yet") }
