package event

import "time"

// Config holds the thresholds of an Eventer. The zero value of any field means
// its default. Lengths and areas are fractions of the picture.
type Config struct {
	// Persist is how long something must be followed before it can be an
	// event; 500 ms.
	Persist time.Duration
	// Travel is how far its middle must move, and TravelSizes how many times
	// its own width or height, for it to be an event at once; 0.03 and 0.4
	// (twice that for what is small).
	Travel, TravelSizes float64
	// Sustain is how long something of at least SustainArea that does not
	// travel must stay to be an event; 3 s and 0.01.
	Sustain     time.Duration
	SustainArea float64
	// GlimpseArea and GlimpseScore are what a single picture must show when
	// pictures are a second or more apart; 0.0008 (a person 32 pixels high of
	// 360) and 0.35.
	GlimpseArea, GlimpseScore float64
	// Quiet is how long a followed thing may be out of sight before it is
	// gone; 1.5 s, and never less than two and a half picture intervals.
	Quiet time.Duration
	// StandStill is how long something that does not move at all keeps its
	// event alive; 20 s.
	StandStill time.Duration
	// Cooldown is how long after an event a thing that does not travel is not
	// taken for a new one; 5 s.
	Cooldown time.Duration
	// Update is how often a living event is reported again; 2 s.
	Update time.Duration
	// MaxLength ends an event that lives longer, and begins the next; 10 min.
	MaxLength time.Duration
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	num := func(f *float64, v float64) {
		if *f <= 0 {
			*f = v
		}
	}
	def(&c.Persist, 500*time.Millisecond)
	num(&c.Travel, 0.03)
	num(&c.TravelSizes, 0.4)
	def(&c.Sustain, 3*time.Second)
	num(&c.SustainArea, 0.01)
	num(&c.GlimpseArea, 0.0008)
	num(&c.GlimpseScore, 0.35)
	def(&c.Quiet, 1500*time.Millisecond)
	def(&c.StandStill, 20*time.Second)
	def(&c.Cooldown, 5*time.Second)
	def(&c.Update, 2*time.Second)
	def(&c.MaxLength, 10*time.Minute)
	return c
}
