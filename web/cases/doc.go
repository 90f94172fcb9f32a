// Package cases is the desk's room for a case's file: what was gathered, by
// whom, on which legal basis, and everything done in it. It shows no picture:
// clips and stills are places in the recordings, looked at through a play.
package cases
