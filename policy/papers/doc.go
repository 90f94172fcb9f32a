// Package papers is what owners of cameras are handed about consent: the notice
// that they are told before they are asked, word for word and by its hash; the
// invitation that asks them, once, by a token; and the signed record of their
// consent that they take home and that anybody can check.
//
// What a consent is, and the steps of its life, are package policy's.
package papers
