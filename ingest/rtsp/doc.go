// Package rtsp speaks RTSP (RFC 2326) with cameras: Pull is one session with a
// camera that serves, Server takes cameras that publish. Both turn RTP into
// access units. Audio and every other medium but one video stream is neither
// set up nor taken in. gortsplib is imported here and in the camera simulator
// only.
package rtsp
