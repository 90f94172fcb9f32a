package cliptest

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"

	"shouwang"
)

// Hostile makes streams that no encoder would: what a camera in bad hands, or a
// broken one, may send. Units are drawn from real ones. It is not safe for
// concurrent use.
type Hostile struct {
	rng  *rand.Rand
	from []*shouwang.AccessUnit
	seq  uint64
}

// NewHostile returns a generator that always makes the same for the same seed.
func NewHostile(seed uint64, from []*shouwang.AccessUnit) *Hostile {
	return &Hostile{rng: rand.New(rand.NewPCG(seed, 0x5eed)), from: from}
}

// Attacks are the ways to make a unit, by name.
var Attacks = []struct {
	Name string
	make func(h *Hostile, u *shouwang.AccessUnit)
}{
	{"whole", func(*Hostile, *shouwang.AccessUnit) {}}, // something to refer to
	{"bytes", (*Hostile).mutate},
	{"cut", func(h *Hostile, u *shouwang.AccessUnit) { u.Data = u.Data[:1+h.rng.IntN(len(u.Data))] }},
	{"shuffled", (*Hostile).shuffle},
	{"lengths", func(h *Hostile, u *shouwang.AccessUnit) { binary.BigEndian.PutUint32(u.Data, h.rng.Uint32()) }},
	{"sets", (*Hostile).sets},
	{"dimensions", (*Hostile).dimensions},
	{"set bomb", (*Hostile).setBomb},
	{"giant", (*Hostile).giant},
	{"slices", (*Hostile).slices},
	{"messages", (*Hostile).messages},
}

// Unit makes the next unit by one attack; its media time goes on.
func (h *Hostile) Unit(attack int) *shouwang.AccessUnit {
	src := h.from[h.rng.IntN(len(h.from))]
	u := *src
	u.Data = bytes.Clone(src.Data)
	u.Seq, u.PTS = h.seq, shouwang.MediaTime(h.seq)*shouwang.MediaRate/10
	u.DTS = u.PTS
	h.seq++
	Attacks[attack].make(h, &u)
	if len(u.Data) == 0 {
		u.Data = []byte{0}
	}
	return &u
}

// Of makes a unit by an attack drawn at random.
func (h *Hostile) Of() (*shouwang.AccessUnit, string) {
	i := h.rng.IntN(len(Attacks))
	return h.Unit(i), Attacks[i].Name
}

func (h *Hostile) mutate(u *shouwang.AccessUnit) {
	for range 1 + h.rng.IntN(40) {
		u.Data[h.rng.IntN(len(u.Data))] = byte(h.rng.Uint32())
	}
}

// units cuts the data at its lengths.
func units(data []byte) (list [][]byte) {
	for len(data) > 4 {
		n := int(binary.BigEndian.Uint32(data))
		if n > len(data)-4 {
			break
		}
		list, data = append(list, data[4:4+n]), data[4+n:]
	}
	return list
}

func join(list [][]byte) (data []byte) {
	for _, u := range list {
		data = append(binary.BigEndian.AppendUint32(data, uint32(len(u))), u...)
	}
	return data
}

func (h *Hostile) shuffle(u *shouwang.AccessUnit) {
	list := units(u.Data)
	for range 3 {
		list = append(list, units(h.from[h.rng.IntN(len(h.from))].Data)...)
	}
	h.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	u.Data = join(list)
}

// sets flips bits of the parameter sets.
func (h *Hostile) sets(u *shouwang.AccessUnit) {
	p := *u.Params
	for _, set := range []*[]byte{&p.VPS, &p.SPS, &p.PPS} {
		*set = bytes.Clone(*set)
		for range 1 + h.rng.IntN(4) {
			if len(*set) > 1 {
				(*set)[1+h.rng.IntN(len(*set)-1)] ^= 1 << h.rng.IntN(8)
			}
		}
	}
	u.Params, u.Key = &p, true
}

// dimensions announces pictures of every size, from none to more than memory
// holds, with as many references and fields as can be written.
func (h *Hostile) dimensions(u *shouwang.AccessUnit) {
	if u.Params.Codec != shouwang.CodecH264 {
		h.sets(u)
		return
	}
	p := *u.Params
	p.SPS, u.Key = h.sps(), true
	u.Params = &p
}

// sizes in macroblocks, less one: small, at the bounds of what is taken, absurd.
var sizes = []uint32{0, 1, 21, 39, 119, 269, 511, 512, 4095, 65535, 1 << 20, 1<<31 - 2}

func (h *Hostile) sps() []byte {
	var b bits
	one := func(n uint32) uint32 { return uint32(h.rng.IntN(int(n))) }
	b.raw(0x67, 8)
	b.raw(66, 8) // baseline: no chroma fields follow
	b.raw(one(256), 8)
	b.raw([]uint32{9, 30, 51, 62, 255}[one(5)], 8)
	b.ue([]uint32{0, 1, 31, 32, 1000}[one(5)]) // id
	b.ue([]uint32{0, 12, 13, 40}[one(4)])      // log2_max_frame_num
	switch poc := []uint32{0, 1, 2, 3}[one(4)]; poc {
	case 0:
		b.ue(0)
		b.ue([]uint32{0, 12, 20}[one(3)])
	case 1:
		b.ue(1)
		b.raw(1, 1)
		b.ue(one(9))
		b.ue(one(9))
		n := []uint32{0, 255, 1 << 16}[one(3)]
		b.ue(n)
		for range min(n, 255) {
			b.ue(one(1 << 20))
		}
	default:
		b.ue(poc)
	}
	b.ue([]uint32{0, 1, 16, 17, 1 << 16}[one(5)]) // reference pictures
	b.raw(one(2), 1)
	b.ue(sizes[one(uint32(len(sizes)))])
	b.ue(sizes[one(uint32(len(sizes)))])
	b.raw(one(2), 1) // frames only
	b.raw(one(2), 1)
	if crop := one(2); crop == 1 {
		b.raw(1, 1)
		for range 4 {
			b.ue([]uint32{0, 1, 100, 1 << 20}[one(4)])
		}
	} else {
		b.raw(0, 1)
	}
	b.raw(0, 1)
	b.raw(1, 1)
	return b.bytes()
}

// setBomb puts hundreds of parameter sets into one unit, each for another size.
func (h *Hostile) setBomb(u *shouwang.AccessUnit) {
	var list [][]byte
	for range 100 + h.rng.IntN(2000) {
		if h.rng.IntN(2) == 0 {
			list = append(list, h.sps())
		} else {
			list = append(list, u.Params.PPS)
		}
	}
	u.Data = join(append(list, units(u.Data)...))
}

// giant is one NAL unit of megabytes: of zeros, of escapes, of noise.
func (h *Hostile) giant(u *shouwang.AccessUnit) {
	nal := make([]byte, 1<<20+h.rng.IntN(6<<20))
	switch h.rng.IntN(3) {
	case 0:
	case 1:
		for i := range nal {
			nal[i] = []byte{0, 0, 3}[i%3]
		}
	default:
		for i := 0; i+8 <= len(nal); i += 8 {
			binary.LittleEndian.PutUint64(nal[i:], h.rng.Uint64())
		}
	}
	if list := units(u.Data); len(list) > 0 {
		copy(nal, list[len(list)-1][:min(len(list[len(list)-1]), 64)]) // the head of a real slice
	}
	u.Data = join([][]byte{nal})
}

// slices is thousands of slices of a few bytes.
func (h *Hostile) slices(u *shouwang.AccessUnit) {
	list := units(u.Data)
	if len(list) == 0 {
		return
	}
	head := list[len(list)-1]
	var many [][]byte
	for range 500 + h.rng.IntN(5000) {
		many = append(many, head[:1+h.rng.IntN(min(len(head), 12))])
	}
	u.Data = join(many)
}

// messages is supplemental information of every type and size before a picture.
func (h *Hostile) messages(u *shouwang.AccessUnit) {
	var list [][]byte
	for range 1 + h.rng.IntN(20) {
		sei := []byte{6, byte(h.rng.IntN(256)), 255, 255, byte(h.rng.IntN(256))}
		body := make([]byte, h.rng.IntN(2000))
		for i := range body {
			body[i] = byte(h.rng.Uint32())
		}
		list = append(list, append(sei, body...))
	}
	u.Data = join(append(list, units(u.Data)...))
}

// bits writes the codes of H.264 (clause 9.1), most significant bit first.
type bits struct {
	out []byte
	n   int
}

func (b *bits) raw(v uint32, n int) {
	for i := n - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[len(b.out)-1] |= byte(v>>i&1) << (7 - b.n%8)
		b.n++
	}
}

func (b *bits) ue(v uint32) {
	v++
	n := 0
	for x := v; x > 1; x >>= 1 {
		n++
	}
	b.raw(0, n)
	b.raw(v, n+1)
}

// bytes returns what was written with emulation prevention (clause 7.4.1.1).
func (b *bits) bytes() (out []byte) {
	zeros := 0
	for _, v := range b.out {
		if zeros == 2 && v <= 3 {
			out, zeros = append(out, 3), 0
		}
		if out = append(out, v); v == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return out
}
