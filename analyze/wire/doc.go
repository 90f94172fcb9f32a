// Package wire is the language between shouwang and its shouwang-analyzer
// processes: length-prefixed messages over one stream socket.
//
// Every message is an 8-byte header and a body, little endian:
//
//	0  uint32  length of the body
//	4  uint8   Version
//	5  uint8   Kind
//	6  uint16  zero
//
// Messages of the hot path (access units, observations, rendered pictures)
// have fixed binary bodies and are written and read without allocating; the
// rare ones (open, hello, statistics, faults) are JSON. Both sides treat the
// other as hostile: shouwang, because an analyzer reads what cameras send and
// may have been taken over by it; the analyzer, because bounds cost nothing.
package wire
