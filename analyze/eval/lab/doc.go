// Package lab runs every engine over the same decoded pictures: ours fully and
// as a cascade, OpenCV's MOG2, and the peers' rules. Each film is decoded once.
// Only measurements and tests import it, for it links libavcodec and OpenCV.
package lab
