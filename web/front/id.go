package front

import (
	"crypto/rand"
	"strings"
)

// NewID returns a name that nobody can guess: the prefix and 26 base32 letters
// (130 random bits).
func NewID(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()) }
