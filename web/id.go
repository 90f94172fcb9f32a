package web

import (
	"crypto/rand"
	"strings"
)

// newID returns a name that nobody can guess: the prefix and 26 base32 letters
// (130 random bits).
func newID(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()) }
