package scene

import (
	"math"
	"time"

	"shouwang"
	"shouwang/analyze"
)

// Result is what one picture showed. Regions belongs to the Model and is
// overwritten by its next call.
type Result struct {
	Regions []analyze.Region
	Light   analyze.Light
	// Mean and Dev are the picture's luma mean and standard deviation, 0..255.
	Mean, Dev float32
	// Changed is the share of cells that differ from the background, 0..1,
	// before regions are formed or suppressed.
	Changed float32
	// Sharp is the mean luma step between neighbouring cells.
	Sharp float32
	// Like is how alike the scene's structure is to what the camera usually
	// sees, 0..1; 0 while that is not known.
	Like float32
}

// Config tunes a Model. The zero value of any field means its default.
type Config struct {
	// Cells is about how many cells the picture is divided into; 14,400
	// (160x90).
	Cells int
	// Floor is the smallest difference, in luma, that can be hot; 5.
	Floor float64
	// Gain is the threshold in learned deviations; 4.
	Gain float64
	// Settle is the time constant of learning where nothing stands; 8 s.
	Settle time.Duration
	// Absorb is after how long a thing that does not move at all becomes
	// background; 2 min 30 s.
	Absorb time.Duration
	// WarmUp is how long after the start things are taken into the background
	// faster, since the first picture may show things that are about to leave;
	// 20 s.
	WarmUp time.Duration
	// Scalar forces the plain code, for comparison.
	Scalar bool
}

func (c Config) withDefaults() Config {
	if c.Cells <= 0 {
		c.Cells = 160 * 90
	}
	if c.Floor <= 0 {
		c.Floor = 5
	}
	if c.Gain <= 0 {
		c.Gain = 4
	}
	if c.Settle <= 0 {
		c.Settle = 8 * time.Second
	}
	if c.Absorb <= 0 {
		c.Absorb = 150 * time.Second
	}
	if c.WarmUp <= 0 {
		c.WarmUp = 20 * time.Second
	}
	return c
}

// Model is the background of one camera. It is not safe for concurrent use:
// one worker owns it.
type Model struct {
	cfg  Config
	simd bool

	width, height    int
	cell, cols, rows int

	// Of the picture that is looked at, borrowed for that.
	scratch     *Scratch
	cur, expect []int16 // per cell, levels in 1/128 luma
	hot, clean  []uint8
	acc         []uint16
	finder      *finder

	// Per cell, levels in 1/128 luma.
	bg, old, ref []int16
	dev, still   []uint8 // 1/8 luma; ticks
	hold         []uint8
	// A key frame is coded anew, so that edges come out a little otherwise each
	// time and stay so until the next: kdev is how far key frames differ from
	// one another, and wide the larger of both deviations.
	kref       []int16
	kdev, wide []uint8
	lastKey    shouwang.MediaTime
	keys       int

	light light
	shake shake
	home  home

	seen                int // pictures learned since the last start
	lastPTS, born       shouwang.MediaTime
	lastLearn, lastTick shouwang.MediaTime
	settleUntil         shouwang.MediaTime
	settling, blind     bool
	changed             float64
}

// New returns a Model that takes its size from the first picture.
func New(cfg Config) *Model { return NewIn(cfg, new(Scratch)) }

// NewIn is New for one of several models of a goroutine, which share memory.
// What Observe returns, and Mask, is then good until the next picture of any.
func NewIn(cfg Config, s *Scratch) *Model {
	return &Model{cfg: cfg.withDefaults(), simd: fast && !cfg.Scalar, scratch: s}
}

// CellSize returns how many pixels wide and high a cell is for a picture of
// that size, so that about target cells fill it, 14,400 where target is 0; at
// least 2 for pictures that allow it.
func CellSize(width, height, target int) int {
	target = Config{Cells: target}.withDefaults().Cells
	c := int(math.Round(math.Sqrt(float64(width) * float64(height) / float64(target))))
	return max(1, min(max(c, 2), 64, width/8, height/8))
}

// Observe learns one picture and returns what moves in it. luma holds height
// rows of stride bytes; it is read only during the call. pts is the picture's
// media time; what lies behind the newest by less than half a minute is looked
// at without learning from it (a catch-up between key frames), and what lies
// farther behind starts the model anew;
// key says that the picture was coded on its own. A picture smaller than 16x16
// or a luma slice too short for it gives LightBlind.
func (m *Model) Observe(luma []byte, stride, width, height int, pts shouwang.MediaTime, key bool) Result {
	if width < 16 || height < 16 || width > 16384 || height > 16384 || stride < width || len(luma) < stride*(height-1)+width {
		return Result{Light: analyze.LightBlind}
	}
	if width != m.width || height != m.height {
		m.resize(width, height)
	}
	m.borrow()
	reduce(m.simd, luma, stride, m.cell, m.cols, m.rows, m.acc, m.cur)
	return m.observe(pts, key)
}

// resize forgets everything and makes room for pictures of another size.
func (m *Model) resize(width, height int) {
	m.width, m.height = width, height
	m.cell = CellSize(width, height, m.cfg.Cells)
	m.shape(width/m.cell, height/m.cell)
}

func (m *Model) shape(cols, rows int) {
	m.cols, m.rows = cols, rows
	n := cols * rows
	levels := make([]int16, 4*n)
	for _, field := range []*[]int16{&m.bg, &m.old, &m.ref, &m.kref} {
		*field, levels = levels[:n:n], levels[n:]
	}
	octets := make([]uint8, 5*n)
	for _, field := range []*[]uint8{&m.dev, &m.still, &m.hold, &m.kdev, &m.wide} {
		*field, octets = octets[:n:n], octets[n:]
	}
	m.shake = shake{}
	m.home = home{edges: make([]uint8, n)}
	m.seen = 0
}

// farBack is a step back that no catch-up makes.
const farBack = 30 * shouwang.MediaRate

// observe works on m.cur.
func (m *Model) observe(pts shouwang.MediaTime, key bool) Result {
	res := m.statistics()
	if m.seen > 0 && m.lastPTS-pts > farBack {
		m.seen = 0
	}
	defer func() { m.lastPTS = pts }()
	if res.Mean < 6 || res.Mean > 249 || res.Dev < 2 {
		res.Light, m.blind = analyze.LightBlind, true
		return res
	}
	if m.seen == 0 {
		m.start(pts)
		return res
	}
	if m.blind {
		m.blind = false
		m.relearn(pts)
	}
	res.Like = m.home.look(m, pts)
	t := m.light.estimate(m)
	share := float64(classify(m.simd, m.cur, m.bg, m.wide, &t, m.expect, m.hot)) / float64(len(m.cur))
	share = m.steady(share, &t, pts)
	res.Changed = float32(share)
	if m.sudden(share) {
		m.relearn(pts)
	}
	m.changed = share
	if m.settling {
		res.Light = analyze.LightChange
		m.settle(pts)
		return res
	}
	clean(m.simd, m.hot, m.cols, m.rows, 3, m.clean)
	res.Regions = m.finder.find(m)
	if pts > m.lastLearn && !m.shaken(pts) {
		if key && pts > m.lastKey {
			m.pulse(pts)
		}
		m.learn(pts)
	}
	return res
}

// steady takes the camera's shake out of what differs and returns the share
// of hot cells that remains.
func (m *Model) steady(share float64, t *threshold, pts shouwang.MediaTime) float64 {
	gusty := m.shake.gusty(pts)
	if m.settling || share <= shakeShare && !gusty {
		m.shake.none()
		return share
	}
	if !m.shake.find(m, pts) {
		if !gusty {
			return share
		}
		m.shake.still(m)
	}
	return float64(m.shake.classify(m, t)) / float64(len(m.cur))
}

// shaken reports whether the picture is not to be learned from because the
// camera was thrown aside. A camera that stays there has been turned a little:
// its background moves with it.
func (m *Model) shaken(pts shouwang.MediaTime) bool {
	s := &m.shake
	switch {
	case !s.on || pts-m.lastLearn > 10*shouwang.MediaRate:
		return false
	case pts-s.steady > turnedAfter:
		copy(m.bg, s.moved)
		copy(m.ref, m.cur)
		s.none()
	}
	return true
}

func (m *Model) statistics() Result {
	sum, squares, steps := sums(m.simd, m.cur, m.cols, m.rows)
	n := float64(len(m.cur))
	mean := float64(sum) / n
	variance := max(0, float64(squares)/n-mean*mean)
	return Result{
		Mean: float32(mean / 128), Dev: float32(math.Sqrt(variance) / 128),
		Sharp: float32(float64(steps) / n / 128),
	}
}

func (m *Model) start(pts shouwang.MediaTime) {
	copy(m.bg, m.cur)
	copy(m.old, m.cur)
	copy(m.ref, m.cur)
	for i := range m.dev {
		m.dev[i], m.kdev[i], m.wide[i] = 6, 1, 6 // three quarters of a luma step until noise is known
	}
	m.keys = 0
	clear(m.still)
	clear(m.hold)
	m.light.reset()
	m.born = pts
	m.home.restart(pts)
	m.seen, m.lastLearn, m.lastTick, m.settling, m.changed = 1, pts, pts, false, 0
}

// sudden reports a change that no object makes: much of the picture at once.
func (m *Model) sudden(share float64) bool {
	return !m.settling && share > 0.5 && m.changed < 0.3
}

// relearn takes the picture as the new background and keeps the previous one
// as the other known state, as a lamp or the infrared switch goes to and fro.
func (m *Model) relearn(pts shouwang.MediaTime) {
	copy(m.old, m.bg)
	copy(m.bg, m.cur)
	copy(m.ref, m.cur)
	clear(m.still)
	clear(m.hold)
	m.settling, m.settleUntil = true, pts+shouwang.MediaRate
}

// settle follows the picture closely until the light rests.
func (m *Model) settle(pts shouwang.MediaTime) {
	copy(m.bg, m.cur)
	copy(m.ref, m.cur)
	m.lastLearn, m.lastTick = pts, pts
	if pts >= m.settleUntil {
		m.settling = false
	}
}

// tickEvery is how far apart the pictures are that are compared for stillness
// and flicker.
const tickEvery = 2 * shouwang.MediaRate / 5

// learn updates the background at most ten times a second.
func (m *Model) learn(pts shouwang.MediaTime) {
	dt := pts - m.lastLearn
	if dt < shouwang.MediaRate/11 {
		return
	}
	m.seen++
	alpha := 1 - math.Exp(-float64(dt)/float64(shouwang.MediaTimeOf(m.cfg.Settle)))
	alpha = min(0.5, max(alpha, 1/float64(m.seen+1)))
	l := learn{
		alpha: int(alpha * 65536), up: 3, down: 1, still: 128 * 2,
		absorb: 255, revert: 3, tick: pts-m.lastTick >= tickEvery,
	}
	warm := pts-m.born < shouwang.MediaTimeOf(m.cfg.WarmUp)
	if warm {
		l.held = l.alpha / 6
		l.up, l.down = 4*l.up, 4*l.down
	} else {
		l.held = l.alpha / 64
	}
	if l.tick {
		step := (pts - m.lastTick).Duration()
		absorb := m.cfg.Absorb
		if warm {
			absorb /= 5
		}
		l.absorb = int(min(250, max(3, absorb/step)))
		m.lastTick = pts
	}
	update(m.simd, m, m.hold, m.hot, &l)
	if l.tick {
		widest(m.simd, m.dev, m.kdev, m.wide)
	}
	m.lastLearn = pts
}

// pulse learns from a key frame how far key frames differ. Those that are far
// apart teach more each.
func (m *Model) pulse(pts shouwang.MediaTime) {
	apart := min(4, max(1, int((pts-m.lastKey)/(2*shouwang.MediaRate))))
	m.lastKey = pts
	if pts-m.born < shouwang.MediaTimeOf(m.cfg.WarmUp) {
		apart *= 2
	}
	if m.keys++; m.keys == 1 {
		copy(m.kref, m.cur)
		return
	}
	pulse(m.simd, m.cur, 3*apart, apart, m.kref, m.kdev)
	widest(m.simd, m.dev, m.kdev, m.wide)
}

// Reduce returns the mean level, in 1/128 luma, of every whole block of cell x
// cell pixels, row by row: what ObserveCells takes. It is for measurements
// that look at the same pictures many times.
func Reduce(luma []byte, stride, width, height, cell int) []int16 {
	cols, rows := width/cell, height/cell
	out := make([]int16, cols*rows)
	reduce(fast, luma, stride, cell, cols, rows, make([]uint16, cols*cell), out)
	return out
}

// ObserveCells is Observe for a picture that was reduced before.
func (m *Model) ObserveCells(levels []int16, cols, rows int, pts shouwang.MediaTime, key bool) Result {
	if cols != m.cols || rows != m.rows {
		m.cell, m.width, m.height = 1, 0, 0
		m.shape(cols, rows)
	}
	m.borrow()
	copy(m.cur, levels)
	return m.observe(pts, key)
}
