// Package look is the one way to a picture: it asks the gate, checks that every
// obligation can be carried out, and makes the entry in the access log durable
// before anything leaves. Every room that shows pictures goes through it.
package look
