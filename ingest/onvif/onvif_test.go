package onvif

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/guard"
)

var loopback = &guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// device is a camera's two services as the specifications describe them. No
// real camera can be had where the tests run; the double is strict about what
// real ones are strict about: the digest, its time, and known tokens.
type device struct {
	t    *testing.T
	skew time.Duration
	mu   sync.Mutex
	enc  Encoder
	sets int
	odd  func(w http.ResponseWriter, body string) bool
}

var field = regexp.MustCompile(`<w:Username>(.*?)</w:Username>.*?PasswordDigest">(.*?)</w:Password>.*?Base64Binary">(.*?)</w:Nonce><u:Created>(.*?)</u:Created>`)

func (d *device) authorised(body string) bool {
	m := field.FindStringSubmatch(body)
	if m == nil || m[1] != "admin" {
		return false
	}
	nonce, _ := base64.StdEncoding.DecodeString(m[3])
	created, err := time.Parse("2006-01-02T15:04:05.000Z", m[4])
	if off := created.Sub(time.Now().Add(d.skew)); err != nil || off < -5*time.Second || off > 5*time.Second {
		return false
	}
	sum := sha1.Sum(append(nonce, m[4]+"correct horse"...))
	return m[2] == base64.StdEncoding.EncodeToString(sum[:])
}

func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	body := string(raw)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.odd != nil && d.odd(w, body) {
		return
	}
	say := func(inner string) {
		fmt.Fprintf(w, `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="d" xmlns:trt="m" xmlns:tt="s"><SOAP-ENV:Body>%s</SOAP-ENV:Body></SOAP-ENV:Envelope>`, inner)
	}
	if strings.Contains(body, "GetSystemDateAndTime") {
		at := time.Now().Add(d.skew).UTC()
		say(fmt.Sprintf(`<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time><tt:Hour>%d</tt:Hour><tt:Minute>%d</tt:Minute><tt:Second>%d</tt:Second></tt:Time><tt:Date><tt:Year>%d</tt:Year><tt:Month>%d</tt:Month><tt:Day>%d</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`,
			at.Hour(), at.Minute(), at.Second(), at.Year(), at.Month(), at.Day()))
		return
	}
	if !d.authorised(body) {
		w.WriteHeader(http.StatusBadRequest)
		say(`<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text>Sender not authorized</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`)
		return
	}
	switch {
	case strings.Contains(body, "GetCapabilities"):
		say(`<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://10.9.8.7:80/onvif/media_service</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`)
	case strings.Contains(body, "GetProfiles"):
		say(`<trt:GetProfilesResponse><trt:Profiles token="P1"><tt:Name>mainStream</tt:Name>` + d.xml("VideoEncoderConfiguration", Encoder{Token: "V1", Encoding: "H264", Width: 1920, Height: 1080, FPS: 25, Kbps: 4096, GOP: 50, Profile: "High"}) +
			`</trt:Profiles><trt:Profiles token="P2"><tt:Name>subStream</tt:Name>` + d.xml("VideoEncoderConfiguration", d.enc) + `</trt:Profiles><trt:Profiles token="P3"><tt:Name>sound</tt:Name></trt:Profiles></trt:GetProfilesResponse>`)
	case strings.Contains(body, "GetStreamUri"):
		token := between(body, "<ProfileToken>", "</ProfileToken>")
		say(`<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://10.9.8.7:554/Streaming/` + token + `?a=1&amp;b=2</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`)
	case strings.Contains(body, "<SetVideoEncoderConfiguration"):
		d.set(body)
		say(`<trt:SetVideoEncoderConfigurationResponse/>`)
	case strings.Contains(body, "<GetVideoEncoderConfiguration "):
		say(`<trt:GetVideoEncoderConfigurationResponse>` + d.xml("Configuration", d.enc) + `</trt:GetVideoEncoderConfigurationResponse>`)
	default:
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func (d *device) set(body string) {
	number := func(tag string) int {
		n, err := strconv.Atoi(between(body, "<t:"+tag+">", "</t:"+tag+">"))
		if err != nil {
			d.t.Errorf("%s: %v", tag, err)
		}
		return n
	}
	d.sets++
	d.enc.Width, d.enc.Height, d.enc.GOP = number("Width"), number("Height"), number("GovLength")
	d.enc.Kbps = number("BitrateLimit")
	d.enc.FPS = float64(min(5, number("FrameRateLimit"))) // as cameras do: the nearest it can
	d.enc.Profile = between(body, "<t:H264Profile>", "</t:H264Profile>")
}

func (d *device) xml(tag string, e Encoder) string {
	return fmt.Sprintf(`<tt:%[1]s token="%[2]s"><tt:Name>enc &amp; co</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>%[3]s</tt:Encoding><tt:Resolution><tt:Width>%[4]d</tt:Width><tt:Height>%[5]d</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>%[6]g</tt:FrameRateLimit><tt:BitrateLimit>%[7]d</tt:BitrateLimit></tt:RateControl><tt:H264><tt:GovLength>%[8]d</tt:GovLength><tt:H264Profile>%[9]s</tt:H264Profile></tt:H264><tt:SessionTimeout>PT10S</tt:SessionTimeout></tt:%[1]s>`,
		tag, e.Token, e.Encoding, e.Width, e.Height, e.FPS, e.Kbps, e.GOP, e.Profile)
}

func camera(t *testing.T) (*device, string) {
	d := &device{t: t, skew: -3 * time.Hour, enc: Encoder{Token: "V2", Encoding: "H264", Width: 704, Height: 576, FPS: 25, Kbps: 1024, GOP: 100, Profile: "Main"}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	return d, server.URL + "/onvif/device_service"
}

func TestACameraThreeHoursOffTellsItsStreams(t *testing.T) {
	_, address := camera(t)
	c, err := Dial(t.Context(), address, "admin", "correct horse", loopback)
	if err != nil {
		t.Fatal(err)
	}
	if off := c.Skew() + 3*time.Hour; off < -2*time.Second || off > 2*time.Second {
		t.Errorf("skew %v", c.Skew())
	}
	profiles, err := c.Profiles(t.Context())
	if err != nil || len(profiles) != 2 {
		t.Fatalf("%+v, %v", profiles, err)
	}
	if p := profiles[0]; p.URL != "rtsp://127.0.0.1:554/Streaming/P1?a=1&b=2" || p.Encoder.Width != 1920 || p.Encoder.Kbps != 4096 || p.Encoder.GOP != 50 {
		t.Errorf("%+v: the address must be on the host that was asked", p)
	}
}

func TestTheKinderSubStreamIsSetAndReadBack(t *testing.T) {
	d, address := camera(t)
	c, err := Dial(t.Context(), address, "admin", "correct horse", loopback)
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := c.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.SetEncoder(t.Context(), Kinder(profiles[1].Encoder))
	if err != nil {
		t.Fatal(err)
	}
	// What is told is what the camera really does, not what was asked.
	if got.Width != 640 || got.Height != 360 || got.FPS != 5 || got.Kbps != 256 || got.GOP != 6 || got.Profile != "Baseline" || d.sets != 1 {
		t.Errorf("%+v after %d settings", got, d.sets)
	}
	if _, err := c.SetEncoder(t.Context(), Encoder{Token: "no such", FPS: 1}); err != nil && shouwang.CodeOf(err) == "" {
		t.Error(err)
	}
}

func TestWrongPasswordsAndOddAnswersAreToldApart(t *testing.T) {
	d, address := camera(t)
	if _, err := Dial(t.Context(), address, "admin", "wrong", loopback); shouwang.CodeOf(err) != shouwang.CodeWrongPassword {
		t.Error(err)
	}
	if _, err := Dial(t.Context(), address, "admin", "correct horse", nil); shouwang.CodeOf(err) != shouwang.CodeAddressForbidden {
		t.Error("loopback was dialled:", err)
	}
	for name, odd := range map[string]func(w http.ResponseWriter, body string) bool{
		"a web page": func(w http.ResponseWriter, _ string) bool {
			io.WriteString(w, "<html><body>hello</body></html>")
			return true
		},
		"a redirect": func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(302)
			return true
		},
		"endless": func(w http.ResponseWriter, _ string) bool {
			for range 40 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					break
				}
			}
			return true
		},
		"entities": func(w http.ResponseWriter, _ string) bool {
			io.WriteString(w, `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><e:Envelope><e:Body>&b;</e:Body></e:Envelope>`)
			return true
		},
	} {
		d.mu.Lock()
		d.odd = odd
		d.mu.Unlock()
		if _, err := Dial(t.Context(), address, "admin", "correct horse", loopback); shouwang.CodeOf(err) != shouwang.CodeBadStream {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "rtsp://127.0.0.1/", "http://", "http://u:p@127.0.0.1/", "127.0.0.1"} {
		if _, err := Dial(t.Context(), bad, "", "", loopback); shouwang.CodeOf(err) != shouwang.CodeBadAddress {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

const matchXML = `<e:Envelope xmlns:e="x"><e:Header><w:RelatesTo>urn:uuid:%s</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>` +
	`<w:EndpointReference><w:Address>urn:uuid:1234</w:Address></w:EndpointReference>` +
	`<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/Gate%%20Cam onvif://www.onvif.org/hardware/DS-2CD</d:Scopes>` +
	`<d:XAddrs>http://192.168.1.64/onvif/device_service %s</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>`

func TestWhoAnswersIsFoundAndWhoLiesIsNot(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			id := between(string(buf[:n]), "urn:uuid:", "</w:MessageID>")
			for _, msg := range []string{
				"not xml", fmt.Sprintf(matchXML, "another question", "http://127.0.0.1/late"),
				strings.Replace(fmt.Sprintf(matchXML, id, ""), "urn:uuid:1234", "urn:uuid:liar", 1), // claims another host only
				fmt.Sprintf(matchXML, id, "http://127.0.0.1:8000/onvif/device_service"),
			} {
				_, _ = conn.WriteToUDP([]byte(msg), from)
			}
		}
	}()
	got, err := Discover(t.Context(), conn.LocalAddr().String(), 300*time.Millisecond)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if d := got[0]; d.Address != "http://127.0.0.1:8000/onvif/device_service" || d.Host != "127.0.0.1" || d.Name != "Gate Cam" || d.Hardware != "DS-2CD" {
		t.Errorf("%+v", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := Discover(ctx, conn.LocalAddr().String(), time.Minute); err != nil || len(got) != 0 {
		t.Errorf("after the end: %+v, %v", got, err)
	}
}

// FuzzAnswers feeds any bytes to what reads datagrams and SOAP answers.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(matchXML, "id", "http://127.0.0.1/x")), 200)
	f.Add([]byte(`<e:Envelope><e:Body><a><b>1</b></a></e:Body></e:Envelope>`), 500)
	f.Fuzz(func(t *testing.T, raw []byte, status int) {
		for _, d := range devices(raw, "id", netip.MustParseAddr("127.0.0.1")) {
			if strings.ContainsAny(d.Name+d.Hardware, "\n\r\x00") || !strings.HasPrefix(d.Address, "http") {
				t.Errorf("%+v", d)
			}
		}
		var got struct {
			Encoder encoderXML `xml:"a>b"`
		}
		_ = read(status, raw, &got)
	})
}
