// Package policy decides who may do what with which camera, why, and for how
// long. It opens no socket, reads no file and touches no pixel.
//
// Consent is data: records in a World. Rules are code: Cedar policies under
// policy/rules, each with a comment. A Gate joins the two; what it lets through
// it hands out as a Grant, which nobody else can make. The zero Grant covers
// nothing.
package policy
