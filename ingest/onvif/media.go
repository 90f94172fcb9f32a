package onvif

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"shouwang"
)

// Profile is one stream that a camera offers.
type Profile struct {
	Token string `json:"token"`
	Name  string `json:"name"`
	// URL is its RTSP address, on the host that was asked, without credentials.
	URL     string  `json:"url,omitempty"`
	Encoder Encoder `json:"encoder"`
}

// Encoder is how a stream is encoded, as the camera says.
type Encoder struct {
	Token    string  `json:"token"`
	Name     string  `json:"name,omitempty"`
	UseCount int     `json:"-"`
	Encoding string  `json:"encoding"` // H264, JPEG, MPEG4; H.265 needs Media ver20
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	FPS      float64 `json:"fps"`
	Kbps     int     `json:"kbps"`
	GOP      int     `json:"gop"`               // pictures from key frame to key frame
	Profile  string  `json:"profile,omitempty"` // Baseline, Main, High
	Quality  float64 `json:"quality"`
}

type encoderXML struct {
	Token    string  `xml:"token,attr"`
	Name     string  `xml:"Name"`
	UseCount int     `xml:"UseCount"`
	Encoding string  `xml:"Encoding"`
	Width    int     `xml:"Resolution>Width"`
	Height   int     `xml:"Resolution>Height"`
	Quality  float64 `xml:"Quality"`
	FPS      float64 `xml:"RateControl>FrameRateLimit"`
	Kbps     int     `xml:"RateControl>BitrateLimit"`
	GOP      int     `xml:"H264>GovLength"`
	Profile  string  `xml:"H264>H264Profile"`
	Timeout  string  `xml:"SessionTimeout"`
}

func (x *encoderXML) encoder() Encoder {
	return Encoder{
		Token: x.Token, Name: text(x.Name), UseCount: x.UseCount, Encoding: text(x.Encoding), Width: x.Width, Height: x.Height,
		FPS: x.FPS, Kbps: x.Kbps, GOP: x.GOP, Profile: text(x.Profile), Quality: x.Quality,
	}
}

// maxProfiles bounds what is believed of one camera.
const maxProfiles = 32

// Profiles returns the camera's streams with their RTSP addresses.
func (c *Client) Profiles(ctx context.Context) ([]Profile, error) {
	var got struct {
		Profiles []struct {
			Token   string     `xml:"token,attr"`
			Name    string     `xml:"Name"`
			Encoder encoderXML `xml:"VideoEncoderConfiguration"`
		} `xml:"GetProfilesResponse>Profiles"`
	}
	if err := c.call(ctx, c.media, `<GetProfiles xmlns="http://www.onvif.org/ver10/media/wsdl"/>`, &got, true); err != nil {
		return nil, err
	}
	var out []Profile
	for _, p := range got.Profiles[:min(len(got.Profiles), maxProfiles)] {
		if p.Token == "" || p.Encoder.Token == "" {
			continue // sound only
		}
		stream, err := c.streamURL(ctx, p.Token)
		if err != nil {
			return nil, err
		}
		out = append(out, Profile{Token: p.Token, Name: text(p.Name), URL: stream, Encoder: p.Encoder.encoder()})
	}
	if len(out) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeNoVideo, "the camera offers no video: switch a stream on in its settings")
	}
	return out, nil
}

// streamURL asks for a profile's address; the host is the one we reached, as
// behind a router a camera knows another.
func (c *Client) streamURL(ctx context.Context, profile string) (string, error) {
	var got struct {
		URI string `xml:"GetStreamUriResponse>MediaUri>Uri"`
	}
	body := `<GetStreamUri xmlns="http://www.onvif.org/ver10/media/wsdl"><StreamSetup>` +
		`<Stream xmlns="http://www.onvif.org/ver10/schema">RTP-Unicast</Stream>` +
		`<Transport xmlns="http://www.onvif.org/ver10/schema"><Protocol>RTSP</Protocol></Transport></StreamSetup>` +
		`<ProfileToken>` + escaped(profile) + `</ProfileToken></GetStreamUri>`
	if err := c.call(ctx, c.media, body, &got, true); err != nil {
		return "", err
	}
	u, err := url.Parse(strings.TrimSpace(got.URI))
	if err != nil || u.Scheme != "rtsp" && u.Scheme != "rtsps" {
		return "", shouwang.Errorf(shouwang.CodeBadStream, "the camera gives no RTSP address for its stream: enter one by hand")
	}
	base, _ := url.Parse(c.address)
	host := base.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host, u.User = host, nil
	return u.String(), nil
}

// Kinder is what a sub-stream should be so that looking at it costs little and
// finds as much: decoding costs follow bits, key frames are what the quiet
// state looks at (measured in docs/performance.md).
func Kinder(now Encoder) Encoder {
	k := now
	k.Encoding, k.Profile = "H264", "Baseline"
	k.Width, k.Height, k.FPS, k.Kbps = 640, 360, 6, 256
	if now.Width > 0 && now.Width*3 == now.Height*4 {
		k.Height = 480
	}
	k.GOP = 6
	return k
}

// SetEncoder asks the camera to encode so. It reads the configuration first and
// changes what differs only; the camera may refuse what it cannot.
func (c *Client) SetEncoder(ctx context.Context, want Encoder) (Encoder, error) {
	now, err := c.encoder(ctx, want.Token)
	if err != nil {
		return Encoder{}, err
	}
	body := fmt.Sprintf(`<SetVideoEncoderConfiguration xmlns="http://www.onvif.org/ver10/media/wsdl"><Configuration token="%s" xmlns:t="http://www.onvif.org/ver10/schema">`+
		`<t:Name>%s</t:Name><t:UseCount>%d</t:UseCount><t:Encoding>%s</t:Encoding>`+
		`<t:Resolution><t:Width>%d</t:Width><t:Height>%d</t:Height></t:Resolution><t:Quality>%g</t:Quality>`+
		`<t:RateControl><t:FrameRateLimit>%d</t:FrameRateLimit><t:EncodingInterval>1</t:EncodingInterval><t:BitrateLimit>%d</t:BitrateLimit></t:RateControl>`+
		`<t:H264><t:GovLength>%d</t:GovLength><t:H264Profile>%s</t:H264Profile></t:H264>`+
		`<t:Multicast><t:Address><t:Type>IPv4</t:Type><t:IPv4Address>0.0.0.0</t:IPv4Address></t:Address><t:Port>0</t:Port><t:TTL>0</t:TTL><t:AutoStart>false</t:AutoStart></t:Multicast>`+
		`<t:SessionTimeout>%s</t:SessionTimeout></Configuration><ForcePersistence>true</ForcePersistence></SetVideoEncoderConfiguration>`,
		escaped(want.Token), escaped(now.Name), now.UseCount, escaped(want.Encoding), want.Width, want.Height, now.Quality,
		int(want.FPS+0.5), want.Kbps, want.GOP, escaped(want.Profile), escaped(orDefault(now.Timeout, "PT60S")))
	var done struct{}
	if err := c.call(ctx, c.media, body, &done, true); err != nil {
		return Encoder{}, err
	}
	after, err := c.encoder(ctx, want.Token)
	if err != nil {
		return Encoder{}, err
	}
	return after.encoder(), nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func (c *Client) encoder(ctx context.Context, token string) (encoderXML, error) {
	var got struct {
		Encoder encoderXML `xml:"GetVideoEncoderConfigurationResponse>Configuration"`
	}
	body := `<GetVideoEncoderConfiguration xmlns="http://www.onvif.org/ver10/media/wsdl"><ConfigurationToken>` + escaped(token) +
		`</ConfigurationToken></GetVideoEncoderConfiguration>`
	if err := c.call(ctx, c.media, body, &got, true); err != nil {
		return encoderXML{}, err
	}
	if got.Encoder.Token == "" {
		return encoderXML{}, shouwang.Errorf(shouwang.CodeNotFound, "the camera has no encoder %q", text(token))
	}
	return got.Encoder, nil
}
