// Package load decides, camera by camera, how far the looking is cut when
// there is less CPU time than the cameras would take. It measures what each
// one costs, holds the sum below what the analyzers were seen to get done, and
// cuts in one written order:
//
//  1. audit: no shadow audits; new cameras are measured by key frames alone
//  2. presence: cameras that spent most in the last minute do with key frames
//  3. sparse: those look at a key frame every 4 s at most
//  4. rare: every 8 s at most
//
// Nothing is cut below that, urgent cameras are not cut at all, a group of
// pictures that is being decoded is decoded to its end, and recording does not
// come into it. What there is room for is given back within seconds. Who was
// cut spends less, so after about a minute others, who spent more, are cut in
// its place: no camera starves.
package load
