// Package shouwang is the vocabulary of Shouwang (守望, keeping watch for one
// another): the nouns of a township's shared cameras and the arithmetic on
// them. It uses the standard library only and does no I/O, so every room of
// the house can import it and it imports none of them.
package shouwang
