package mp4

import (
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"

	"shouwang"
)

// entry appends the sample entry for the parameter sets: avc1 with avcC, or
// hvc1 with hvcC (ISO/IEC 14496-15). Parameter sets come from a camera: those
// too short to be any are an Error with CodeBadStream.
func (w *boxes) entry(p *shouwang.Params) error {
	var config []byte
	kind, record := "avc1", "avcC"
	var err error
	switch {
	case p == nil:
		return shouwang.Errorf(shouwang.CodeBadStream, "stream has no parameter sets")
	case p.Codec == shouwang.CodecH264:
		config, err = avcConfig(p)
	case p.Codec == shouwang.CodecH265:
		kind, record = "hvc1", "hvcC"
		config, err = hevcConfig(p)
	default:
		return shouwang.Errorf(shouwang.CodeBadCodec, "codec %s cannot be stored: H.264 and H.265 can", p.Codec)
	}
	if err != nil {
		return err
	}
	w.box(kind, func() {
		w.zeros(6)
		w.u16(1) // data reference
		w.zeros(16)
		w.u16(uint16(p.Width))
		w.u16(uint16(p.Height))
		w.u32(72 << 16)
		w.u32(72 << 16)
		w.u32(0)
		w.u16(1) // frames a sample
		w.zeros(32)
		w.u16(24) // depth
		w.u16(0xffff)
		w.box(record, func() { w.raw(config) })
	})
	return nil
}

func checkSets(sets ...[]byte) error {
	for _, s := range sets {
		if len(s) < 2 || len(s) > 0xffff {
			return shouwang.Errorf(shouwang.CodeBadStream, "stream has a parameter set of %d bytes", len(s))
		}
	}
	return nil
}

// avcConfig is AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.
func avcConfig(p *shouwang.Params) ([]byte, error) {
	if err := checkSets(p.SPS, p.PPS); err != nil {
		return nil, err
	}
	if len(p.SPS) < 4 {
		return nil, shouwang.Errorf(shouwang.CodeBadStream, "stream has a sequence parameter set of %d bytes", len(p.SPS))
	}
	w := boxes{}
	w.u8(1)
	w.raw(p.SPS[1:4])
	w.u8(0xfc | 3) // four-byte lengths
	w.u8(0xe0 | 1)
	w.u16(uint16(len(p.SPS)))
	w.raw(p.SPS)
	w.u8(1)
	w.u16(uint16(len(p.PPS)))
	w.raw(p.PPS)
	if profile := p.SPS[1]; profile == 100 || profile == 110 || profile == 122 || profile == 144 {
		chroma, luma, chromaDepth := uint8(1), uint8(0), uint8(0)
		var sps h264.SPS
		if sps.Unmarshal(p.SPS) == nil {
			chroma, luma, chromaDepth = uint8(sps.ChromaFormatIdc), uint8(sps.BitDepthLumaMinus8), uint8(sps.BitDepthChromaMinus8)
		}
		w.u8(0xfc | chroma&3)
		w.u8(0xf8 | luma&7)
		w.u8(0xf8 | chromaDepth&7)
		w.u8(0)
	}
	return w.b, nil
}

// hevcConfig is HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section
// 8.3.3. Profile, tier and level are copied bit by bit from the sequence
// parameter set, where they stand at fixed places (ITU-T H.265 7.3.2.2).
func hevcConfig(p *shouwang.Params) ([]byte, error) {
	if err := checkSets(p.VPS, p.SPS, p.PPS); err != nil {
		return nil, err
	}
	bits := h264.EmulationPreventionRemove(p.SPS)
	if len(bits) < 15 {
		return nil, shouwang.Errorf(shouwang.CodeBadStream, "stream has a sequence parameter set of %d bytes", len(p.SPS))
	}
	chroma, luma, chromaDepth := uint8(1), uint8(0), uint8(0)
	var sps h265.SPS
	if sps.Unmarshal(p.SPS) == nil {
		chroma, luma, chromaDepth = uint8(sps.ChromaFormatIdc), uint8(sps.BitDepthLumaMinus8), uint8(sps.BitDepthChromaMinus8)
	}
	layers, nested := bits[2]>>1&7+1, bits[2]&1
	w := boxes{}
	w.u8(1)
	w.raw(bits[3:15]) // profile space, tier, profile; compatibility; constraints; level
	w.u16(0xf000)     // min_spatial_segmentation_idc
	w.u8(0xfc)        // parallelismType
	w.u8(0xfc | chroma&3)
	w.u8(0xf8 | luma&7)
	w.u8(0xf8 | chromaDepth&7)
	w.u16(0)                        // average frame rate: unknown
	w.u8(layers<<3 | nested<<2 | 3) // four-byte lengths
	w.u8(3)
	for _, set := range []struct {
		kind uint8
		nalu []byte
	}{{32, p.VPS}, {33, p.SPS}, {34, p.PPS}} {
		w.u8(0x80 | set.kind)
		w.u16(1)
		w.u16(uint16(len(set.nalu)))
		w.raw(set.nalu)
	}
	return w.b, nil
}

// MIME returns the type with its codecs parameter (RFC 6381) that a browser
// asks for.
func MIME(p *shouwang.Params) string {
	if p == nil || len(p.SPS) < 4 {
		return "video/mp4"
	}
	if p.Codec == shouwang.CodecH265 {
		bits := h264.EmulationPreventionRemove(p.SPS)
		if len(bits) < 15 {
			return "video/mp4"
		}
		tier := "L"
		if bits[3]&0x20 != 0 {
			tier = "H"
		}
		return fmt.Sprintf(`video/mp4; codecs="hvc1.%d.%X.%s%d.B0"`, bits[3]&0x1f, reverse32(bits[4:8]), tier, bits[14])
	}
	return fmt.Sprintf(`video/mp4; codecs="avc1.%02x%02x%02x"`, p.SPS[1], p.SPS[2], p.SPS[3])
}

func reverse32(b []byte) uint32 {
	var out uint32
	for i := range 32 {
		out |= uint32(b[i/8]>>(7-i%8)&1) << i
	}
	return out
}
