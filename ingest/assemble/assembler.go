package assemble

import (
	"encoding/binary"

	"shouwang"
)

// Picture is one whole encoded picture as it left the assembler.
type Picture struct {
	RTP    uint32 // timestamp, 90 kHz, wraps
	Key    bool
	Lost   bool // packets are missing between the picture before and this one
	Params *shouwang.Params
	// Reorder is the reordering depth that Params declare.
	Reorder int
	// Data is in the form of shouwang.AccessUnit. It is written over as soon as
	// the receiver returns: who keeps it copies it.
	Data []byte
}

// Counts are what an assembler has met since it was made.
type Counts struct {
	Packets   uint64 // accepted
	Gaps      uint64 // breaks in the sequence numbers
	Damaged   uint64 // pictures dropped because a part of them is missing
	Malformed uint64 // packets that break the payload format
	TooLarge  uint64 // pictures dropped by the bounds
	BadParams uint64 // parameter sets that could not be read
}

// Assembler makes pictures of the RTP packets of one video stream, which must
// come in order (gaps are seen, duplicates are not). It is for one goroutine.
//
// A picture of which a packet is missing is dropped, the next whole one has
// Lost set: what follows a loss is handed on, since a decoder conceals better
// than a gap does, and the mark lets a reader decide otherwise.
type Assembler struct {
	codec shouwang.Codec
	emit  func(Picture)

	// the unit being gathered
	mem      scratch
	buf      []byte // from mem
	nalStart int    // offset of the open NAL unit's length field, -1 when none
	nals     int
	slices   int
	key      bool
	damaged  bool
	rtp      uint32
	open     bool

	// across units
	seq        uint16
	started    bool
	lost       bool // since the last picture handed on
	lazyMarker bool // the camera sets the marker on every NAL unit: ignore it
	lastRTP    uint32
	emitted    bool

	vps, sps, pps []byte // as last seen, not yet in params when changed is set
	changed       bool
	seenSPS       bool // in this unit
	seenPPS       bool
	seenVPS       bool
	params        *shouwang.Params
	reorder       int
	counts        Counts
}

// New makes an assembler for H.264 or H.265. The parameter sets are those of the
// SDP and may be nil. Every whole picture is passed to emit, before Push returns.
func New(codec shouwang.Codec, vps, sps, pps []byte, emit func(Picture)) *Assembler {
	a := &Assembler{codec: codec, emit: emit, nalStart: -1}
	a.keep(&a.vps, vps)
	a.keep(&a.sps, sps)
	a.keep(&a.pps, pps)
	return a
}

// Counts returns what was met so far.
func (a *Assembler) Counts() Counts { return a.counts }

// Push takes one RTP packet: sequence number, timestamp, marker bit, payload.
// The payload is not kept.
func (a *Assembler) Push(seq uint16, ts uint32, marker bool, payload []byte) {
	a.counts.Packets++
	if a.started && seq != a.seq+1 {
		a.counts.Gaps++
		a.gap(ts)
	}
	a.started, a.seq = true, seq
	if a.open && ts != a.rtp {
		a.finish()
	}
	if !a.open {
		a.begin(ts)
	}
	if len(payload) <= headerSize(a.codec) {
		a.malformed()
	} else if a.codec == shouwang.CodecH265 {
		a.payloadH265(payload)
	} else {
		a.payloadH264(payload)
	}
	if marker && !a.lazyMarker {
		a.finish()
	}
}

// Flush ends the unit in hand, as at the end of a stream.
func (a *Assembler) Flush() {
	if a.open {
		a.finish()
	}
}

// gap notes that packets are missing before a packet of time ts.
func (a *Assembler) gap(ts uint32) {
	a.lost = true
	if !a.open {
		return // the head of the next unit is checked when it comes
	}
	// The unit in hand lacks its tail, or its middle.
	a.damaged = true
	if ts != a.rtp {
		a.finish()
	} else {
		a.dropOpenNAL()
	}
}

func (a *Assembler) begin(ts uint32) {
	a.open, a.rtp = true, ts
	a.buf = a.mem.begin()
	a.nalStart, a.nals, a.slices = -1, 0, 0
	a.key, a.damaged = false, false
	a.seenVPS, a.seenSPS, a.seenPPS = false, false, false
}

// finish closes the unit in hand and hands it on if it is whole.
func (a *Assembler) finish() {
	if a.nalStart >= 0 { // a fragment that never ended
		a.damaged = true
		a.dropOpenNAL()
	}
	a.open = false
	defer a.release()
	if a.slices == 0 && !a.damaged {
		return // parameter sets or SEI with a marker of their own
	}
	if a.damaged || !a.refreshParams() {
		a.lost = true
		a.counts.Damaged++
		return
	}
	pic := Picture{
		RTP: a.rtp, Key: a.key, Lost: a.lost, Params: a.params,
		Reorder: a.reorder, Data: a.buf,
	}
	a.lost, a.lastRTP, a.emitted = false, a.rtp, true
	a.emit(pic)
}

// release lets go of the buffer between pictures.
func (a *Assembler) release() {
	a.mem.done()
	a.buf = nil
}

// refreshParams makes new Params when the sets changed; false means that the
// picture cannot be decoded with what is known.
func (a *Assembler) refreshParams() bool {
	if !a.changed {
		return a.params != nil
	}
	a.changed = false
	p, reorder, err := ParseParams(a.codec, a.vps, a.sps, a.pps)
	if err != nil {
		a.counts.BadParams++
		a.params = nil
		return false
	}
	if !p.Equal(a.params) {
		a.params, a.reorder = p, reorder
	}
	return true
}

// keep copies a parameter set if it differs from the one held.
func (a *Assembler) keep(held *[]byte, set []byte) {
	if len(set) == 0 || len(set) > MaxParamBytes || string(*held) == string(set) {
		return
	}
	*held = append((*held)[:0], set...)
	a.changed = true
}

// malformed notes a packet that breaks the format; the unit lacks something.
func (a *Assembler) malformed() {
	a.counts.Malformed++
	a.damaged = true
	a.dropOpenNAL()
}

// room makes room for n more bytes of a NAL unit and reports whether they may be
// taken; else it drops the unit.
func (a *Assembler) room(n int) bool {
	if len(a.buf)+n+4 <= MaxUnitBytes && a.nals < MaxUnitNALs {
		a.buf = a.mem.extend(a.buf, n+4)
		return true
	}
	if !a.damaged {
		a.counts.TooLarge++
	}
	a.damaged = true
	a.dropOpenNAL()
	return false
}

func (a *Assembler) dropOpenNAL() {
	if a.nalStart >= 0 {
		a.buf = a.buf[:a.nalStart]
		a.nalStart = -1
	}
}

// startNAL opens a NAL unit in the buffer, its length to be filled in later.
func (a *Assembler) startNAL() {
	a.dropOpenNAL()
	a.nalStart = len(a.buf)
	a.buf = append(a.buf, 0, 0, 0, 0)
}

// endNAL closes the open NAL unit: keeps it, moves it to the parameter sets,
// or drops it.
func (a *Assembler) endNAL() {
	start := a.nalStart
	a.nalStart = -1
	nal := a.buf[start+4:]
	if len(nal) <= headerSize(a.codec)-1 || !a.accept(nal) {
		a.buf = a.buf[:start]
		return
	}
	binary.BigEndian.PutUint32(a.buf[start:], uint32(len(nal)))
	a.nals++
}

// whole takes one complete NAL unit.
func (a *Assembler) whole(nal []byte) {
	if len(nal) < headerSize(a.codec) || !a.room(len(nal)) {
		return
	}
	if looksLikeStream(a.codec, nal) && splitAnnexB(nal, a.one) {
		return
	}
	a.one(nal)
}

func (a *Assembler) one(nal []byte) {
	if len(nal) < headerSize(a.codec) || !a.room(len(nal)) {
		return
	}
	a.startNAL()
	a.buf = append(a.buf, nal...)
	a.endNAL()
}

// looksLikeStream picks the NAL units that cameras are known to send with start
// codes inside: those before the slices, and any that begins with zeros.
func looksLikeStream(c shouwang.Codec, nal []byte) bool {
	if nal[0] == 0 && len(nal) > 1 && nal[1] == 0 {
		return true
	}
	k := classify(c, nal)
	return k != classSlice && k != classKey
}

// accept looks at a complete NAL unit and reports whether it stays in the data.
func (a *Assembler) accept(nal []byte) bool {
	switch k := classify(a.codec, nal); k {
	case classDrop:
		return false
	case classVPS:
		return a.acceptSet(&a.vps, &a.seenVPS, nal)
	case classSPS:
		return a.acceptSet(&a.sps, &a.seenSPS, nal)
	case classPPS:
		return a.acceptSet(&a.pps, &a.seenPPS, nal)
	case classSlice, classKey:
		return a.acceptSlice(k, nal)
	}
	return true
}

// acceptSet takes the first set of its kind in a unit; a second one with other
// content (another id) stays in the data, where a decoder finds it.
func (a *Assembler) acceptSet(held *[]byte, seen *bool, nal []byte) bool {
	if *seen {
		return string(*held) != string(nal)
	}
	*seen = true
	a.keep(held, nal)
	return false
}

func (a *Assembler) acceptSlice(k class, nal []byte) bool {
	if a.slices == 0 && !firstSlice(a.codec, nal) {
		if a.emitted && a.rtp == a.lastRTP && !a.lost {
			// The rest of a picture already handed on: this camera sets
			// the marker on every slice. From now on only time ends a unit.
			a.lazyMarker = true
		}
		a.damaged = true
	}
	a.slices++
	a.key = a.key || k == classKey
	return true
}

// PushUnit takes one complete access unit whose NAL units stand behind four-byte
// lengths (ISO/IEC 14496-15), as a file holds it. An error means that the
// lengths do not add up; the unit is dropped then.
func (a *Assembler) PushUnit(ts uint32, unit []byte) error {
	a.begin(ts)
	for len(unit) > 4 {
		n := binary.BigEndian.Uint32(unit)
		if uint64(n) > uint64(len(unit)-4) {
			a.open = false
			a.release()
			return shouwang.Errorf(shouwang.CodeBadStream, "an access unit's lengths do not add up")
		}
		a.whole(unit[4 : 4+n])
		unit = unit[4+n:]
	}
	a.finish()
	return nil
}
