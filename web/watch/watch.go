// Package watch brings pictures from a camera to viewers: as they are when
// nothing has to be hidden, else through a renderer that masks, pixelates and
// marks them, once per camera and set of duties however many watch.
//
// Nothing here decides who may see what; the caller has asked the gate, and
// hands over what the decision demands as Options.
package watch

import (
	"context"

	"shouwang"
)

// Units is a run of access units. Next blocks until one is there; it returns
// io.EOF when the run is over, a *shouwang.Overrun once for units that had to
// be dropped (the next unit is then a key frame), and any other error when
// the run has failed. Close gives its resources back; Next must not be running.
type Units interface {
	Next(ctx context.Context) (*shouwang.AccessUnit, error)
	Close()
}

// Refresher is a run that can be asked for a key frame, for a viewer who lost
// pictures. A camera's own pictures cannot.
type Refresher interface{ Refresh() }

// Refresh asks the run for a key frame, if it can be asked.
func Refresh(u Units) {
	if r, ok := u.(Refresher); ok {
		r.Refresh()
	}
}

// Hubs is where live pictures come from. Live returns the camera's stream from
// the last key frame that is already there and then as pictures arrive; its
// error has CodeUnreachable when nothing arrives now.
type Hubs interface {
	Live(ctx context.Context, camera shouwang.CameraID, kind shouwang.StreamKind) (Units, error)
}

// Options says what has to be done to every picture. The zero value asks for
// nothing but a form that browsers play.
type Options struct {
	// Camera is whose pictures they are, so that a renderer can tell which
	// camera's stream harms it.
	Camera shouwang.CameraID
	// Masks are filled flat; fractions of width and height.
	Masks                  []shouwang.Polygon
	BlurPeople, BlurPlates bool
	// Clear spares one person the pixels: boxes at moments, in order. Wherever
	// anybody else has to do with what lies in them it is pixelated all the same.
	Clear []shouwang.TrackPoint
	// Watermark is burned in with the wall time; "" burns nothing in.
	Watermark string
	// Width bounds the picture, in pixels; 0 leaves it to the renderer.
	Width int
	// Keys puts a key frame wherever the camera had one, so that a stretch can
	// be cut out at the camera's own.
	Keys bool
	// Taught says that the run begins with pictures that teach the scene: what a
	// live analysis knows of it, by another light perhaps, is not taken over.
	Taught bool
}

// Plain reports whether the pictures may go out as the camera sent them.
func (o Options) Plain() bool {
	return len(o.Masks) == 0 && !o.BlurPeople && !o.BlurPlates && o.Watermark == ""
}

// Renderer carries options out on pictures. Render starts one rendering for one
// viewer, Share one for any number of viewers, whose marks alone differ: of its
// options the watermark only says whether marks are owed. An error means that
// nothing may be shown.
type Renderer interface {
	Render(ctx context.Context, o Options) (Rendering, error)
	Share(ctx context.Context, o Options) (Group, error)
}

// Group is pictures that are decoded, masked and pixelated once, and then
// marked and encoded once for each mark.
//
// Push never blocks and drops to the next key frame when the renderer is
// behind. Mark adds an output, which begins with a key frame; it must be read.
// Err tells why the group ended. Close ends it with all its outputs, and may
// be called more than once, from any goroutine.
type Group interface {
	Push(au *shouwang.AccessUnit) error
	Mark(text string) (Marked, error)
	Err() error
	Close()
}

// Marked is what a group renders under one mark. Out is closed at the group's
// end or by Close, which ends this output alone. Refresh asks for a key frame,
// soon and not more often than the renderer bears.
type Marked interface {
	Out() <-chan *shouwang.AccessUnit
	Refresh()
	Err() error
	Close()
}

// Rendering is one run of pictures being rendered to H.264 without B-frames,
// media and wall times kept.
//
// Push never blocks and drops to the next key frame when the renderer is
// behind. PushWait waits for room instead, for playback. Finish says that
// nothing more comes; what is inside still comes out. Out is closed at the end
// or on any failure, and then Err tells which. Close ends it at once
// and may be called more than once, from any goroutine.
type Rendering interface {
	Push(au *shouwang.AccessUnit) error
	PushWait(ctx context.Context, au *shouwang.AccessUnit) error
	Finish()
	Out() <-chan *shouwang.AccessUnit
	Err() error
	Close()
}
