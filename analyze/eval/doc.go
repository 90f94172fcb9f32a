// Package eval says how good the engine is: it reads labels, compares events
// with them, and prints tables. It knows nothing of how the events were made.
package eval
