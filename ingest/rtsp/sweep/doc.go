// Package sweep reads many RTSP connections at once. One goroutine looks every
// few milliseconds which of them have something, takes all of it with one read
// each, and hands RTP and RTCP of the channels that were tapped straight on;
// everything else comes out of the connection as it came in, for the RTSP
// library, which goes on doing all of the signalling.
//
// A goroutine a connection is woken once or twice for each picture, asks the
// kernel twice each time, and those wakings are most of what receiving costs.
// Here a picture waits up to Pace, and they are shared by all cameras.
package sweep
