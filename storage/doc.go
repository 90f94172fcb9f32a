// Package storage keeps what policy permitted to be kept: it turns access
// units into sealed segments, finds them again, serves any span of them as
// MP4, and destroys them when consent or retention says so.
//
// The subfolders, in the order a picture meets them:
//
//	recorder  access units → segments of whole GOPs, gaps, clips
//	seal      the segment's format at rest: authenticated chunks, seekable
//	keys      segment keys under camera-day keys that can be destroyed
//	spool     segments on the local disk on their way to the bucket
//	folder    a bucket in a directory; s3: a bucket on an S3 server
//	catalog   segments, clips, gaps, events, holds in SQLite
//	mp4       fragments in, any span out
//	retain    repair, sweep, erase, hold, check
//	archive   all of the above joined
//
// The order of commitment is always write, fsync, then index, so that a crash
// between any two steps leaves something that retain.Repair can finish or
// throw away.
package storage
