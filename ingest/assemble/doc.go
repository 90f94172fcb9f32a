// Package assemble makes access units of what a camera sends: RTP payloads of
// H.264 (RFC 6184) and H.265 (RFC 7798) into pictures with four-byte lengths,
// parameter sets apart; RTP timestamps into unwrapped media time with decoding
// times. Every byte is taken for hostile: all sizes and counts are bounded and
// nothing panics.
package assemble
