// Package mine is what owners do with their own cameras from their phone: see
// what they share, pause, go on, change it, take it back, and hold a receipt of
// each. What a change would do is shown before it is made.
package mine
