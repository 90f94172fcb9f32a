package rtsp

import (
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"

	"shouwang"
)

// errSilent marks a session over which not one packet came.
var errSilent = errors.New("no packet came")

// Silent reports whether a session ended because not one packet came although
// the camera agreed to play: another transport may help.
func Silent(err error) bool { return errors.Is(err, errSilent) }

// wantsUDP reports whether a session over TCP failed for its transport's sake.
func wantsUDP(err error) bool {
	var status liberrors.ErrClientBadStatusCode
	if errors.As(err, &status) {
		return status.Code == base.StatusUnsupportedTransport
	}
	var other liberrors.ErrClientServerRequestedUDP
	return errors.As(err, &other)
}

// explain makes of any error of a session one line to act on. What the camera
// said is quoted only after the credentials have been cut out of it.
func explain(err error, u *url.URL) error {
	if err == nil {
		err = io.EOF
	}
	var known *shouwang.Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	host := u.Host
	var status liberrors.ErrClientBadStatusCode
	if errors.As(err, &status) {
		return explainStatus(status, u)
	}
	var timeout liberrors.ErrClientRequestTimedOut
	var auth liberrors.ErrClientAuthSetup
	var quiet liberrors.ErrClientTCPTimeout
	var quietUDP liberrors.ErrClientUDPTimeout
	switch {
	case errors.As(err, &timeout):
		return shouwang.Errorf(shouwang.CodeUnreachable,
			"camera at %s accepts connections but does not answer RTSP: check the port", host)
	case errors.As(err, &auth):
		return shouwang.Errorf(shouwang.CodeWrongPassword,
			"camera at %s asks for a kind of sign-in we do not know: switch it to digest", host)
	case errors.As(err, &quiet), errors.As(err, &quietUDP):
		return shouwang.Errorf(shouwang.CodeStalled, "camera at %s stopped sending", host)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(err.Error(), "reset by peer"):
		return shouwang.Errorf(shouwang.CodeUnreachable, "camera at %s closed the connection", host)
	}
	return shouwang.Errorf(shouwang.CodeBadStream,
		"camera at %s breaks the protocol (%s): update its firmware", host, scrub(err.Error(), u))
}

func explainStatus(s liberrors.ErrClientBadStatusCode, u *url.URL) error {
	switch s.Code {
	case base.StatusUnauthorized, base.StatusForbidden:
		if u.User == nil {
			return shouwang.Errorf(shouwang.CodeWrongPassword,
				"camera at %s asks for a user name and a password: put them into the address", u.Host)
		}
		return shouwang.Errorf(shouwang.CodeWrongPassword,
			"camera at %s refuses the user name or the password: correct them in the address", u.Host)
	case base.StatusNotFound:
		return shouwang.Errorf(shouwang.CodeNoVideo,
			"camera at %s has no stream at this path: check the path part of the address", u.Host)
	case base.StatusNotEnoughBandwidth, base.StatusServiceUnavailable:
		return shouwang.Errorf(shouwang.CodeUnreachable,
			"camera at %s serves no further client (%d): close other viewers or restart it", u.Host, s.Code)
	case base.StatusUnsupportedTransport:
		return shouwang.Errorf(shouwang.CodeBadStream,
			"camera at %s offers neither TCP nor UDP: check its streaming settings", u.Host)
	}
	return shouwang.Errorf(shouwang.CodeBadStream, "camera at %s answers %d (%s)",
		u.Host, s.Code, scrub(s.Message, u))
}

// scrub shortens a text that came from a camera, keeps it on one line and cuts
// the credentials out of it.
func scrub(s string, u *url.URL) string {
	if u.User != nil {
		pass, _ := u.User.Password()
		for _, secret := range []string{u.User.String(), pass, url.QueryEscape(pass), u.User.Username()} {
			if secret != "" {
				s = strings.ReplaceAll(s, secret, "***")
			}
		}
	}
	if u.RawQuery != "" {
		s = strings.ReplaceAll(s, u.RawQuery, "***")
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 160 {
		s = strings.ToValidUTF8(s[:160], "") + "..."
	}
	return s
}
