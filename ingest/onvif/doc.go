// Package onvif finds cameras on the local network and asks them what they
// send, over the two ONVIF services that nearly every camera has: WS-Discovery
// (OASIS WS-Discovery 1.0, as ONVIF Core section 7 uses it) and Media (ver10).
// It can set a camera's encoder to what is kind to analysis; nothing else is
// ever changed on a camera.
//
// Whatever answers is hostile: messages are bounded, XML is read without
// entities, and addresses pass the same guard as RTSP does.
package onvif
