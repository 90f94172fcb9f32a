package onvif

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" // the protocol's, WS-UsernameToken 1.0
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
)

// Client talks to one camera. Errors: CodeWrongPassword for a wrong name or
// password, CodeUnreachable, CodeAddressForbidden, and CodeBadStream for what
// is no ONVIF answer.
type Client struct {
	address        string
	user, password string
	http           *http.Client
	skew           time.Duration // camera's clock minus ours
	media          string        // address of the media service
}

// maxAnswer bounds one SOAP answer.
const maxAnswer = 1 << 20

// Dial asks the camera's clock and where its media service is. address is the
// device service's, http:// or https://; g may be nil for its defaults.
func Dial(ctx context.Context, address, user, password string, g *guard.Guard) (*Client, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "the address of the camera's ONVIF service must be http://HOST/… without a password in it")
	}
	if g == nil {
		g = &guard.Guard{}
	}
	c := &Client{address: u.String(), user: user, password: password}
	c.http = &http.Client{
		Timeout: 10 * time.Second,
		// A camera that sends us elsewhere is not followed: it would be told
		// the credentials' digest.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			conn, _, err := g.Dial(ctx, addr)
			return conn, err
		}, DisableKeepAlives: true},
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// begin sets the clock's skew, without which a digest is refused, and finds
// the media service.
func (c *Client) begin(ctx context.Context) error {
	var when struct {
		Time struct {
			Hour, Minute, Second int
		} `xml:"GetSystemDateAndTimeResponse>SystemDateAndTime>UTCDateTime>Time"`
		Date struct {
			Year, Month, Day int
		} `xml:"GetSystemDateAndTimeResponse>SystemDateAndTime>UTCDateTime>Date"`
	}
	// It needs no credentials (ONVIF Core, section 8.3.7): with ours it could be
	// refused for the very skew that it is to tell.
	if err := c.call(ctx, c.address, `<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>`, &when, false); err != nil {
		return err
	}
	if d := when.Date; d.Year > 1969 {
		theirs := time.Date(d.Year, time.Month(d.Month), d.Day, when.Time.Hour, when.Time.Minute, when.Time.Second, 0, time.UTC)
		c.skew = time.Until(theirs)
	}
	var caps struct {
		XAddr string `xml:"GetCapabilitiesResponse>Capabilities>Media>XAddr"`
	}
	if err := c.call(ctx, c.address, `<GetCapabilities xmlns="http://www.onvif.org/ver10/device/wsdl"><Category>Media</Category></GetCapabilities>`, &caps, true); err != nil {
		return err
	}
	media, err := url.Parse(strings.TrimSpace(caps.XAddr))
	base, _ := url.Parse(c.address)
	if err != nil || media.Path == "" {
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera names no media service: enter its RTSP address by hand")
	}
	// Only the path is believed: behind a router the host it knows is another.
	base.Path, base.RawQuery = media.Path, media.RawQuery
	c.media = base.String()
	return nil
}

// Skew is the camera's clock minus ours, to about a second.
func (c *Client) Skew() time.Duration { return c.skew }

type fault struct {
	Code   string `xml:"Body>Fault>Code>Subcode>Value"`
	Reason string `xml:"Body>Fault>Reason>Text"`
}

// call sends one SOAP 1.2 request and reads the answer's body into out.
func (c *Client) call(ctx context.Context, to, body string, out any, signed bool) error {
	header := ""
	if signed && c.user != "" {
		header = c.token()
	}
	msg := `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>` +
		header + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(msg))
	if err != nil {
		return fmt.Errorf("ask camera: %w", err)
	}
	req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
	resp, err := c.http.Do(req)
	if err != nil {
		var e *shouwang.Error
		if errors.As(err, &e) {
			return e
		}
		return shouwang.Errorf(shouwang.CodeUnreachable, "the camera's ONVIF service does not answer: check the address and the port: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return shouwang.Errorf(shouwang.CodeUnreachable, "the camera's answer broke off: %w", err)
	}
	return read(resp.StatusCode, raw, out)
}

func read(status int, raw []byte, out any) error {
	var f fault
	_ = xml.Unmarshal(raw, &f) // what is no fault stays empty
	switch {
	case status == http.StatusUnauthorized, strings.HasSuffix(f.Code, "NotAuthorized"), strings.Contains(f.Reason, "authority failure"):
		return shouwang.Errorf(shouwang.CodeWrongPassword, "the camera refuses this name or password; many keep ONVIF users apart: look in its settings")
	case f.Code != "" || f.Reason != "":
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera refuses: %s", text(f.Reason))
	case status != http.StatusOK:
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera's ONVIF service answers with HTTP status %d", status)
	}
	var body struct {
		Body struct {
			Inner []byte `xml:",innerxml"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(raw, &body); err != nil || len(body.Body.Inner) == 0 {
		return shouwang.Errorf(shouwang.CodeBadStream, "what answers there is no ONVIF camera")
	}
	wrapped := append(append([]byte("<b>"), body.Body.Inner...), "</b>"...)
	d := xml.NewDecoder(bytes.NewReader(wrapped))
	d.Strict = false // name spaces declared outside the body are unknown here
	if err := d.Decode(out); err != nil {
		return shouwang.Errorf(shouwang.CodeBadStream, "the camera's answer cannot be read: %w", err)
	}
	return nil
}

// token is a WS-UsernameToken with a password digest (OASIS Web Services
// Security UsernameToken Profile 1.0): Base64(SHA-1(nonce, created, password)).
func (c *Client) token() string {
	var nonce [16]byte
	_, _ = rand.Read(nonce[:])
	created := time.Now().Add(c.skew).UTC().Format("2006-01-02T15:04:05.000Z")
	h := sha1.New()
	h.Write(nonce[:])
	h.Write([]byte(created + c.password))
	encode := base64.StdEncoding.EncodeToString
	return `<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" ` +
		`xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"><w:UsernameToken>` +
		`<w:Username>` + escaped(c.user) + `</w:Username>` +
		`<w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest">` + encode(h.Sum(nil)) + `</w:Password>` +
		`<w:Nonce EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary">` + encode(nonce[:]) + `</w:Nonce>` +
		`<u:Created>` + created + `</u:Created></w:UsernameToken></w:Security>`
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
