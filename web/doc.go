// Package web is how people reach Shouwang: pages, JSON, live video.
//
// Every picture takes one road: the request is built from the session and the
// query, never from what a caller could lie about; the gate is asked; every
// obligation of its answer is checked against what can be carried out here;
// the audit entry is made durable; and only then does the first byte of
// picture leave (look.go). Whoever adds a route that shows a picture calls
// Server.decide and look.commit, and nothing else leads there.
package web
