// Package front is what every room of the web side stands on: who asks (the
// session proves it), how an operation is registered and described, and how a
// failure is told. It shows nothing by itself.
//
// A room is a subpackage of web that takes a [Front], declares the few methods
// it needs from its neighbours, and registers its operations with [Route] or,
// where nobody has to be signed in, [Open].
package front
