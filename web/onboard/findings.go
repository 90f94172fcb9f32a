package onboard

import (
	"fmt"
	"math"
	"net/url"
	"strings"
)

// Finding is something about a stream that the technician should know before
// it is saved. Code is stable and is what pages translate.
type Finding struct {
	Code  string `json:"code"`
	Level string `json:"level" enum:"refused,warning,hint"`
	// Text is one line in English that says what to do.
	Text string `json:"text"`
}

// The findings. Limits come from what the engine measures: see
// docs/performance.md.
const (
	FindFactoryPassword = "factory_password"
	FindNoPassword      = "no_password"
	FindClockOff        = "clock_off"
	FindClockUnknown    = "clock_unknown"
	FindLongGOP         = "long_gop"
	FindHeavy           = "heavy"
	FindLoss            = "loss"
	FindSlow            = "slow"
)

// Above these a stream is told about.
const (
	clockBound = 2.0  // seconds: evidence states larger errors, investigators trip over them
	gopBound   = 2.5  // seconds: above it everything has to be decoded to notice short events
	heavyBound = 1000 // kbit/s of a stream that is looked at
	slowBound  = 3.0  // pictures a second
)

// findings says what is odd about a stream. analysed says that pictures of this
// very stream are looked at (the sub-stream, or the only one).
func findings(s *Seen, address string, factory func(user, password string) bool, analysed bool) []Finding {
	out := credentials(address, factory)
	add := func(code, level, text string, args ...any) {
		out = append(out, Finding{code, level, fmt.Sprintf(text, args...)})
	}
	switch {
	case !s.ClockKnown:
		add(FindClockUnknown, "warning", "the camera tells no time: what it films is stamped on arrival; switch RTCP sender reports and NTP on in its settings")
	case math.Abs(s.ClockOffset) > clockBound:
		add(FindClockOff, "warning", "the camera's clock is %.1f s off: set its NTP server", s.ClockOffset)
	}
	if s.GOP > gopBound && analysed {
		add(FindLongGOP, "hint", "key frames are %.1f s apart: set the interval to 1 s, and quiet hours cost a fifth", s.GOP)
	}
	if s.Kbps > heavyBound && analysed {
		add(FindHeavy, "hint", "%.0f kbit/s are looked at: a sub-stream of 640x360 with 256 kbit/s finds the same events for a fraction", s.Kbps)
	}
	if s.FPS > 0 && s.FPS < slowBound {
		add(FindSlow, "hint", "%.1f pictures a second: what passes quickly is seen once or not at all; 5 or 6 are enough", s.FPS)
	}
	if s.Lost > 0 {
		add(FindLoss, "warning", "%d pictures were lost on the way within seconds: look at the cable or the radio link", s.Lost)
	}
	return out
}

func credentials(address string, factory func(user, password string) bool) []Finding {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return nil
	}
	password, _ := u.User.Password()
	switch {
	case u.User == nil || u.User.Username() == "" && password == "":
		return []Finding{{FindNoPassword, "warning", "the camera asks for no password: anybody on its network sees the picture; set one"}}
	case factory(u.User.Username(), password):
		return []Finding{{FindFactoryPassword, "refused", "this is the password that the camera was delivered with: set another in the camera first"}}
	}
	return nil
}
