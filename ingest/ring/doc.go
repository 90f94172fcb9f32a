// Package ring keeps bytes in the order they came, outside of the collected
// heap: what streams sent lately is most of the service's memory, and there it
// takes what it has of bytes, without room to grow, without garbage that waits
// and without the allocator's sizes.
//
// Nothing outside ever points into this memory. Bytes are copied in and copied
// out, so that no reader can hold what was let go of, and what is let go of is
// zeroed at once.
package ring
