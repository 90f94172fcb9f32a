package rtsp

import (
	"bytes"
	"strings"

	"github.com/bluenviron/gortsplib/v4/pkg/description"
	gformat "github.com/bluenviron/gortsplib/v4/pkg/format"

	"shouwang"
)

// maxSDP is the longest session description that is read, in bytes.
const maxSDP = 64 << 10

// videoOnly cuts every medium but video out of a session description
// (RFC 4566), before anything else reads it: what is not described cannot be
// set up, and a camera's faulty audio line cannot spoil its pictures. The
// connection lines go as well, so that no address in it can lead elsewhere.
func videoOnly(sdp []byte) []byte {
	if len(sdp) > maxSDP {
		sdp = sdp[:maxSDP]
	}
	var out bytes.Buffer
	keep := true
	for line := range bytes.Lines(sdp) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			continue
		case bytes.HasPrefix(line, []byte("m=")):
			keep = bytes.HasPrefix(line, []byte("m=video "))
		case bytes.HasPrefix(line, []byte("c=")):
			continue
		}
		if keep {
			out.Write(cleanLine(line))
			out.WriteString("\r\n")
		}
	}
	return out.Bytes()
}

// cleanLine mends what cameras get wrong and gortsplib refuses: an RTP payload
// description whose parameter sets are not base64. They come in-band anyway.
func cleanLine(line []byte) []byte {
	if !bytes.HasPrefix(line, []byte("a=fmtp:")) {
		return line
	}
	head, params, ok := strings.Cut(string(line), " ")
	if !ok {
		return line
	}
	var kept []string
	for _, p := range strings.Split(params, ";") {
		if goodParam(strings.TrimSpace(p)) {
			kept = append(kept, strings.TrimSpace(p))
		}
	}
	return []byte(head + " " + strings.Join(kept, ";"))
}

func goodParam(p string) bool {
	key, val, ok := strings.Cut(p, "=")
	if !ok {
		return false
	}
	if !strings.HasPrefix(key, "sprop-") {
		return true
	}
	for part := range strings.SplitSeq(val, ",") {
		if len(part)%4 != 0 || strings.Trim(part,
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") != "" {
			return false
		}
	}
	return true
}

// format is the one video format that a session takes.
type format struct {
	codec         shouwang.Codec
	vps, sps, pps []byte
	media         *description.Media
	format        gformat.Format
}

// choose picks the first H.264 or H.265 format of a description. Without one
// the error names what is there: CodeNoVideo or CodeBadCodec.
func choose(desc *description.Session) (format, error) {
	other := ""
	for _, m := range desc.Medias {
		if m.Type != description.MediaTypeVideo || m.IsBackChannel {
			continue
		}
		for _, f := range m.Formats {
			switch f := f.(type) {
			case *gformat.H264:
				sps, pps := f.SafeParams()
				return format{codec: shouwang.CodecH264, sps: sps, pps: pps, media: m, format: f}, nil
			case *gformat.H265:
				vps, sps, pps := f.SafeParams()
				return format{codec: shouwang.CodecH265, vps: vps, sps: sps, pps: pps, media: m, format: f}, nil
			}
			if other == "" {
				other = codecName(f)
			}
		}
	}
	if other == "" {
		return format{}, errNoVideo
	}
	return format{}, shouwang.Errorf(shouwang.CodeBadCodec,
		"the camera sends %s: set it to H.264 or H.265", other)
}

var errNoVideo = shouwang.Errorf(shouwang.CodeNoVideo,
	"the camera offers no video at this path: check the path part of the address")

// codecName names a format for a person, in a few harmless characters.
func codecName(f gformat.Format) string {
	name := f.Codec()
	if g, ok := f.(*gformat.Generic); ok {
		name, _, _ = strings.Cut(g.RTPMap(), "/")
	}
	name = strings.Map(func(r rune) rune {
		if r >= '0' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, name)
	if name == "" {
		return "an unnamed codec"
	}
	return name[:min(len(name), 24)]
}
