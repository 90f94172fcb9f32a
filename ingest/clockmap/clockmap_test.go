package clockmap

import (
	"math/rand/v2"
	"testing"
	"time"

	"shouwang"
)

var begin = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// camera simulates what a Map sees of one: pictures at 10 a second.
type camera struct {
	offset  time.Duration // its clock ahead of ours
	latency time.Duration // encoding
	jitter  time.Duration // network, random
	rate    float64       // of its media clock
	reports time.Duration // 0 sends none
	drift   float64       // of its wall clock
}

// run feeds a map for so many seconds and calls check for each picture with the
// true time it was taken.
func (c camera) run(t *testing.T, m *Map, seconds int, check func(i int, truth time.Time, s shouwang.WallStamp)) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	if c.rate == 0 {
		c.rate = 1
	}
	for i := range seconds * 10 {
		elapsed := time.Duration(i) * 100 * time.Millisecond
		truth := begin.Add(elapsed)
		media := shouwang.MediaTimeOf(time.Duration(float64(elapsed) * c.rate))
		delay := time.Millisecond + time.Duration(rnd.Float64()*float64(c.jitter))
		if c.reports > 0 && elapsed%c.reports == 0 {
			clock := truth.Add(c.offset + time.Duration(float64(elapsed)*c.drift))
			m.Report(clock, media, truth.Add(delay))
		}
		check(i, truth, m.Stamp(media, truth.Add(c.latency+delay)))
	}
}

func TestSenderReportsGiveTheTruth(t *testing.T) {
	for name, c := range map[string]camera{
		"right clock":     {latency: 150 * time.Millisecond, jitter: 20 * time.Millisecond, reports: 5 * time.Second},
		"an hour ahead":   {offset: time.Hour, latency: 200 * time.Millisecond, jitter: 20 * time.Millisecond, reports: 5 * time.Second},
		"in 1970":         {offset: -56 * 365 * 24 * time.Hour, latency: 100 * time.Millisecond, jitter: 5 * time.Millisecond, reports: time.Second},
		"drifting 50 ppm": {latency: 100 * time.Millisecond, jitter: 10 * time.Millisecond, reports: 5 * time.Second, drift: 50e-6},
	} {
		t.Run(name, func(t *testing.T) {
			m := &Map{RTT: 2 * time.Millisecond}
			c.run(t, m, 120, func(i int, truth time.Time, s shouwang.WallStamp) {
				if s.Source != shouwang.StampSenderReport {
					t.Fatalf("picture %d: %s", i, s.Source)
				}
				if d := s.At.Sub(truth); d > s.Uncertainty || d < -s.Uncertainty {
					t.Fatalf("picture %d: off by %s, claimed %s", i, d, s.Uncertainty)
				}
				if i > 300 && s.Uncertainty > 50*time.Millisecond {
					t.Fatalf("picture %d: uncertainty %s", i, s.Uncertainty)
				}
				if d := s.Offset - c.offset; i > 0 && (d > 30*time.Millisecond || d < -30*time.Millisecond) {
					t.Fatalf("picture %d: offset %s, is %s", i, s.Offset, c.offset)
				}
			})
		})
	}
}

func TestArrivalWithoutReports(t *testing.T) {
	c := camera{latency: 200 * time.Millisecond, jitter: 80 * time.Millisecond}
	var last time.Time
	c.run(t, &Map{}, 60, func(i int, truth time.Time, s shouwang.WallStamp) {
		d := s.At.Sub(truth)
		if s.Source != shouwang.StampArrival || d < 0 || d > s.Uncertainty || s.Uncertainty > 700*time.Millisecond {
			t.Fatalf("picture %d: %s off, %+v", i, d, s)
		}
		if step := s.At.Sub(last); i > 0 && (step < 80*time.Millisecond || step > 120*time.Millisecond) {
			t.Fatalf("picture %d comes %s after the one before: jitter gets through", i, step)
		}
		last = s.At
	})
}

func TestMediaClockThatLies(t *testing.T) {
	for _, rate := range []float64{3, 1.5, 0.5, 1.0 / 3} {
		for _, reports := range []time.Duration{0, time.Second, 5 * time.Second} {
			c := camera{latency: 100 * time.Millisecond, rate: rate, reports: reports}
			worst := time.Duration(0)
			c.run(t, &Map{}, 120, func(i int, truth time.Time, s shouwang.WallStamp) {
				if i > 110 {
					worst = max(worst, s.At.Sub(truth), truth.Sub(s.At))
				}
			})
			if worst > time.Second {
				t.Errorf("rate %.2f, reports each %s: off by %s", rate, reports, worst)
			}
		}
	}
}

func TestClockJumpIsSeenAndMendsItself(t *testing.T) {
	m := &Map{}
	at := begin
	for i := range 20 {
		off := time.Duration(0)
		if i >= 10 {
			off = time.Hour
		}
		media := shouwang.MediaTime(i * shouwang.MediaRate)
		if jumped := m.Report(at.Add(off), media, at.Add(time.Millisecond)); jumped != (i == 10) {
			t.Errorf("report %d: jumped %v", i, jumped)
		}
		s := m.Stamp(media, at.Add(100*time.Millisecond))
		if d := s.At.Sub(at); d < -50*time.Millisecond || d > 50*time.Millisecond {
			t.Errorf("picture %d is off by %s", i, d)
		}
		at = at.Add(time.Second)
	}
	if m.Jumps() != 1 {
		t.Errorf("%d jumps", m.Jumps())
	}
}

func TestFirstReportDoesNotTearTheTimeline(t *testing.T) {
	m := &Map{}
	var last time.Time
	for i := range 300 {
		truth := begin.Add(time.Duration(i) * 100 * time.Millisecond)
		media := shouwang.MediaTime(i * shouwang.MediaRate / 10)
		if i == 50 { // arrival times run 400 ms late until then
			m.Report(truth, media, truth.Add(time.Millisecond))
		}
		s := m.Stamp(media, truth.Add(400*time.Millisecond))
		if step := s.At.Sub(last); i > 0 && (step < 90*time.Millisecond || step > 110*time.Millisecond) {
			t.Fatalf("picture %d comes %s after the one before", i, step)
		}
		last = s.At
		if d := s.At.Sub(truth); d > s.Uncertainty {
			t.Fatalf("picture %d: off by %s, claimed %s", i, d, s.Uncertainty)
		}
	}
	if d := last.Sub(begin.Add(29900 * time.Millisecond)); d > 5*time.Millisecond {
		t.Errorf("still off by %s", d)
	}
}

func TestNTPTime(t *testing.T) {
	for ntp, want := range map[uint64]time.Time{
		2208988800 << 32:          time.Unix(0, 0),
		2208988800<<32 | 1<<31:    time.Unix(0, 5e8),
		0xffffffff << 32:          time.Date(2036, 2, 7, 6, 28, 15, 0, time.UTC),
		1 << 32:                   time.Date(2036, 2, 7, 6, 28, 17, 0, time.UTC),
		0xec_8e_f1_00_40_00_00_00: time.Unix(0xec8ef100-2208988800, 25e7),
	} {
		if got, ok := NTPTime(ntp); !ok || !got.Equal(want) {
			t.Errorf("%x: %v, want %v", ntp, got, want)
		}
	}
	if _, ok := NTPTime(0); ok {
		t.Error("zero is no time")
	}
}

func FuzzMap(f *testing.F) {
	f.Add(uint64(0xec8ef10040000000), int64(0), int64(100), int64(90000))
	f.Fuzz(func(t *testing.T, ntp uint64, media, arrived, pts int64) {
		m := &Map{}
		if at, ok := NTPTime(ntp); ok {
			m.Report(at, shouwang.MediaTime(media), begin.Add(time.Duration(arrived%1e12)))
		}
		now := begin.Add(time.Duration(arrived % 1e12))
		s := m.Stamp(shouwang.MediaTime(pts%(1<<50)), now)
		if s.At.After(now) {
			t.Fatalf("taken at %s, after its arrival at %s", s.At, now)
		}
		if s.Uncertainty < 0 {
			t.Fatalf("uncertainty %s", s.Uncertainty)
		}
	})
}
