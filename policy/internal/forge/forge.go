// Package forge is the doors through which tests have packages policy and gate
// make what nobody else can. The compiler keeps every other room out of an
// internal package.
package forge

// Grant is set by package gate: it takes a camera id, an action, a span, a
// recording and a list of obligations of policy's types and returns a
// gate.Grant. They are of type any because gate imports this package.
var Grant func(camera, action, span, recording, obligations any) any

// World is set by package policy: it takes a *policy.World and a record, and
// returns a *policy.World with the record in it, unvalidated.
var World func(world, record any) any
