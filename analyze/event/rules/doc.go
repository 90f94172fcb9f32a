// Package rules raises events from what is followed in the picture: someone in
// a zone, over a line, staying too long; a thing left, parked or too many; the
// camera covered, turned, out of focus or frozen. Rules are data of a camera
// and can be replaced while it runs. They say what, where and when, never who.
package rules
