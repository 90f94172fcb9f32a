// Package e2e tests the whole with real parts only: the built binaries, ffmpeg
// and a simulator as cameras, a real S3 server, a real Redis, a real browser.
// Nothing of Shouwang runs inside the tests' own process but what reads, after
// the fact, what the service left behind.
//
// A part that is missing skips the tests that need it, or fails them under
// SHOUWANG_CI=1. SHOUWANG_BIN names another folder for the binaries.
package e2e
