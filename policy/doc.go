// Package policy is the words in which it is said who may do what with which
// camera, why, and for how long: the world written down (people, places,
// cameras, what their owners agreed to, orders, holds), the question, the answer
// with its reasons and what must be done for it, and the entry in the access
// log. It opens no socket, reads no file and touches no pixel.
//
// Consent is data: a Consent is a version in a chain, and a step in its life is a
// new version. A World is an immutable snapshot of all records; a change makes
// another. Who decides about them is package gate; what people are handed on
// paper is package papers; what another tree of places would change is package
// places.
package policy
