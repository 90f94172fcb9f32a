package ingest

import (
	"time"

	"shouwang"
)

// meter measures what a stream really sends, whatever it declares, in constant
// space: rates over the last one to two periods.
type meter struct {
	began           time.Time
	units, bytes    int
	fps, bitrate    float64
	gop             time.Duration
	lastKey         shouwang.MediaTime
	epoch           uint32
	haveKey, haveHz bool
}

const meterPeriod = 4 * time.Second

// add takes one unit that arrived at now.
func (m *meter) add(u *shouwang.AccessUnit, now time.Time) {
	if m.began.IsZero() || u.Epoch != m.epoch || now.Before(m.began) {
		*m = meter{began: now, epoch: u.Epoch, gop: m.gop, fps: m.fps, bitrate: m.bitrate}
	}
	if u.Key {
		if m.haveKey && u.PTS > m.lastKey {
			m.gop = (u.PTS - m.lastKey).Duration()
		}
		m.haveKey, m.lastKey = true, u.PTS
	}
	if d := now.Sub(m.began); d >= meterPeriod || !m.haveHz && d >= time.Second {
		m.fps = float64(m.units) / d.Seconds()
		m.bitrate = float64(m.bytes) * 8 / d.Seconds()
		m.units, m.bytes, m.began, m.haveHz = 0, 0, now, true
	}
	m.units++
	m.bytes += u.Size()
}
