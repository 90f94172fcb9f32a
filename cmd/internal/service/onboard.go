package service

import (
	"context"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
	"shouwang/ingest/onvif"
	"shouwang/ingest/probe"
	"shouwang/ingest/rtsp"
	"shouwang/policy"
	"shouwang/storage/registry"
	"shouwang/web/front"
	"shouwang/web/look"
	"shouwang/web/onboard"
)

// discoverFor is how long cameras have to answer: the specification lets them
// wait up to half a second so as not to shout at once.
const discoverFor = 3 * time.Second

// onboardRoom joins the technician's room to the network, the register and those
// who sign what lets somebody reach more.
func (s *Service) onboardRoom(signed onboard.Proposals) func(*front.Front, *look.Looks) {
	in := s.cfg.Ingest
	return onboard.Routes(onboard.Deps{
		Field: field{
			guard: &guard.Guard{Allow: in.Allow, Deny: in.Deny, Only: in.OnlyAllowed, Timeout: in.Timeout},
			tls:   rtsp.TLS{Insecure: in.TLSInsecure}, discoverAt: onvif.Multicast,
		},
		Register: setups{s.node}, Proposals: signed, Status: s.node.manager.Status,
	})
}

// field is the network as the technician's room needs it.
type field struct {
	guard      *guard.Guard
	tls        rtsp.TLS
	discoverAt string
}

// Look watches an address for a few seconds.
func (f field) Look(ctx context.Context, url string) (onboard.Seen, error) {
	r, err := probe.Probe(ctx, url, f.guard, probe.Options{TLS: f.tls})
	if err != nil {
		return onboard.Seen{}, err
	}
	return onboard.Seen{
		Codec: r.CodecName, Width: r.Width, Height: r.Height, FPS: r.FPS, Kbps: r.Bitrate / 1000, GOP: r.GOP.Seconds(), BFrames: r.BFrames,
		Transport: r.Transport, Lost: r.Lost, ClockKnown: r.ClockKnown, ClockOffset: r.Offset.Seconds(), ClockWithin: r.Uncertainty.Seconds(),
	}, nil
}

// Discover asks the local network who is there.
func (f field) Discover(ctx context.Context) ([]onboard.Device, error) {
	list, err := onvif.Discover(ctx, f.discoverAt, discoverFor)
	out := make([]onboard.Device, len(list))
	for i, d := range list {
		out[i] = onboard.Device{Address: d.Address, Host: d.Host, Name: d.Name, Hardware: d.Hardware}
	}
	return out, err
}

// Profiles asks a camera which streams it offers.
func (f field) Profiles(ctx context.Context, l onboard.Login) ([]onboard.Profile, time.Duration, error) {
	c, err := onvif.Dial(ctx, l.Address, l.User, l.Password, f.guard)
	if err != nil {
		return nil, 0, err
	}
	list, err := c.Profiles(ctx)
	if err != nil {
		return nil, 0, err
	}
	out := make([]onboard.Profile, len(list))
	for i, p := range list {
		out[i] = onboard.Profile{Name: p.Name, URL: p.URL, Encoder: encoderOut(p.Encoder), Kinder: encoderOut(onvif.Kinder(p.Encoder))}
	}
	return out, c.Skew(), nil
}

// SetEncoder sets and reads back.
func (f field) SetEncoder(ctx context.Context, l onboard.Login, want onboard.Encoder) (onboard.Encoder, error) {
	c, err := onvif.Dial(ctx, l.Address, l.User, l.Password, f.guard)
	if err != nil {
		return onboard.Encoder{}, err
	}
	got, err := c.SetEncoder(ctx, onvif.Encoder{
		Token: want.Token, Encoding: want.Encoding, Width: want.Width, Height: want.Height, FPS: want.FPS, Kbps: want.Kbps, GOP: want.GOP, Profile: want.Profile,
	})
	return encoderOut(got), err
}

// Factory reports credentials that cameras are delivered with.
func (field) Factory(user, password string) bool { return probe.FactoryPassword(user, password) }

func encoderOut(e onvif.Encoder) onboard.Encoder {
	return onboard.Encoder{Token: e.Token, Encoding: e.Encoding, Width: e.Width, Height: e.Height, FPS: e.FPS, Kbps: e.Kbps, GOP: e.GOP, Profile: e.Profile}
}

// setups is the register of cameras; what it writes is in force at once.
type setups struct{ node *node }

// Cameras returns all cameras with their addresses in clear.
func (s setups) Cameras(ctx context.Context) ([]onboard.Camera, error) {
	list, err := s.node.registry.Cameras(ctx)
	out := make([]onboard.Camera, len(list))
	for i, c := range list {
		out[i] = onboard.Camera{Camera: c.Camera, NameEn: c.NameEn, Filing: c.Filing}
	}
	return out, err
}

// Put adds or replaces a camera.
func (s setups) Put(ctx context.Context, c onboard.Camera, allow func(*policy.World) error) error {
	if err := s.node.registry.PutCamera(ctx, registry.Camera{Camera: c.Camera, NameEn: c.NameEn, Filing: c.Filing}, allow); err != nil {
		return err
	}
	return s.inForce(ctx)
}

// Remove forgets a camera.
func (s setups) Remove(ctx context.Context, id shouwang.CameraID) error {
	if err := s.node.registry.RemoveCamera(ctx, id); err != nil {
		return err
	}
	return s.inForce(ctx)
}

// NewPublishToken makes a camera's publish password.
func (s setups) NewPublishToken(ctx context.Context, id shouwang.CameraID) (string, error) {
	return s.node.registry.NewPublishToken(ctx, id)
}

// inForce puts the register's world in force before the answer goes out; the
// watcher of the register takes the camera in right after.
func (s setups) inForce(ctx context.Context) error { return s.node.refresh(ctx) }
