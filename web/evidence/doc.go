// Package evidence is the investigators' entrance: events searched by what,
// when, where, how large and whither, with what was not searched and why; and
// recordings of several cameras played on one clock.
//
// A play is one look a camera at one stretch of time, logged before its first
// picture leaves, and fetched in pieces: each piece is rendered under the look's
// duties when it is asked for, so that only what is watched costs anything.
package evidence
