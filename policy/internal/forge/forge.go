// Package forge is the one door through which package policytest has package
// policy make a grant without a decision. The compiler keeps every other room
// out of an internal package.
package forge

// Grant is set by package policy: it takes a camera id, an action, a span, a
// recording and a list of obligations of policy's own types and returns a
// policy.Grant. They are of type any because policy imports this package.
var Grant func(camera, action, span, recording, obligations any) any
