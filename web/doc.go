// Package web is the server through which people reach Shouwang: it joins the
// kernel (front), the one way to a picture (look) and the rooms to one listener,
// and holds what they share while somebody looks: live tickets, plays, copies.
//
// Every picture takes one road: the request is built from the session and the
// query, never from what a caller could lie about; the gate is asked; every
// obligation of its answer is checked against what can be carried out here;
// the audit entry is made durable; and only then does the first byte of
// picture leave. Whoever adds a route that shows a picture goes through package
// look, and nothing else leads there.
//
// A route without a picture stands in a room of its own: a folder here, with the
// few methods that it needs of its neighbours.
package web
