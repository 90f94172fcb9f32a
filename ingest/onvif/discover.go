package onvif

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"shouwang"
)

// Multicast is where cameras listen (WS-Discovery 1.0, section 2.4).
const Multicast = "239.255.255.250:3702"

// Bounds of what discovery believes.
const (
	maxDatagram = 64 << 10
	maxDevices  = 512
)

// Device is something that answered.
type Device struct {
	// Address is its device service, http:// or https://.
	Address string `json:"address"`
	// Host is where it is, as the datagram's sender says, not as it claims.
	Host     string `json:"host"`
	Name     string `json:"name,omitempty"`
	Hardware string `json:"hardware,omitempty"`
	Endpoint string `json:"endpoint,omitempty"` // its own unchanging id
}

const probe = `<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
	`xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">` +
	`<e:Header><w:MessageID>urn:uuid:%s</w:MessageID><w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>` +
	`<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>` +
	`<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>`

// answer is the part of a ProbeMatches message that is read.
type answer struct {
	RelatesTo string  `xml:"Header>RelatesTo"`
	Matches   []match `xml:"Body>ProbeMatches>ProbeMatch"`
}

type match struct {
	Endpoint string `xml:"EndpointReference>Address"`
	Scopes   string `xml:"Scopes"`
	XAddrs   string `xml:"XAddrs"`
}

// Discover asks at an address (Multicast, or one camera's) who is there and
// listens for as long as given or until ctx ends. The list is sorted by host.
// No answer is an empty list; an error means that the network would not have
// it.
func Discover(ctx context.Context, at string, listen time.Duration) ([]Device, error) {
	to, err := net.ResolveUDPAddr("udp4", at)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadAddress, "discover cameras at %q: %w", at, err)
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, fmt.Errorf("discover cameras: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, listen)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	id := uuid()
	for range 2 { // a datagram may be lost (section 3.1.3 asks for a repeat)
		if _, err := conn.WriteToUDP(fmt.Appendf(nil, probe, id), to); err != nil {
			return nil, shouwang.Errorf(shouwang.CodeUnreachable, "discover cameras: this machine cannot reach its network: %w", err)
		}
	}
	found := map[string]Device{}
	buf := make([]byte, maxDatagram)
	for len(found) < maxDevices {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			break // the time is up
		}
		for _, d := range devices(buf[:n], id, from.Addr().Unmap()) {
			found[cmp.Or(d.Endpoint, d.Address)] = d
		}
	}
	return sorted(found), nil
}

func sorted(found map[string]Device) []Device {
	out := make([]Device, 0, len(found))
	for _, d := range found {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Device) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Address, b.Address)) })
	return out
}

// devices reads one datagram; what does not answer our question is ignored.
func devices(msg []byte, id string, from netip.Addr) []Device {
	var a answer
	if err := xml.Unmarshal(msg, &a); err != nil || !strings.HasSuffix(strings.TrimSpace(a.RelatesTo), id) {
		return nil
	}
	var out []Device
	for _, m := range a.Matches[:min(len(a.Matches), 8)] {
		if address := own(m.XAddrs, from); address != "" {
			out = append(out, Device{
				Address: address, Host: from.String(), Endpoint: text(m.Endpoint),
				Name: scope(m.Scopes, "name"), Hardware: scope(m.Scopes, "hardware"),
			})
		}
	}
	return out
}

// own picks of the addresses that a device claims the one on the host that
// answered: a device that sends us elsewhere is not believed.
func own(claimed string, from netip.Addr) string {
	for _, raw := range strings.Fields(claimed) {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
			continue
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.Unmap() == from {
			return u.String()
		}
	}
	return ""
}

// scope returns the value of an ONVIF scope, onvif://www.onvif.org/KEY/VALUE
// (ONVIF Core, section 7.3.2.2).
func scope(scopes, key string) string {
	prefix := "onvif://www.onvif.org/" + key + "/"
	for _, s := range strings.Fields(scopes) {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			value, err := url.PathUnescape(s[len(prefix):])
			if err == nil {
				return text(value)
			}
		}
	}
	return ""
}

// text is what a device says of itself, fit for a page: bounded, one line, no
// control characters.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(s); len(r) > 128 {
		s = string(r[:128])
	}
	return s
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // version 4, RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
