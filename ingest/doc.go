// Package ingest takes cameras in and hands access units out. A Manager owns
// one supervised session for every stream that may be used, pulled or pushed;
// each stream has a Hub with one writer and many readers, a bounded queue each,
// and a short history of whole groups of pictures for pre-roll.
//
// The subpackages: rtsp (the only place that speaks the protocol), assemble
// (RTP payloads to access units), clockmap (camera clock to wall clock), guard
// (which addresses may be dialled), probe, file, and camsim (a camera for tests
// and the demo).
package ingest
