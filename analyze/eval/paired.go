package eval

import (
	"fmt"
	"math"
	"time"
)

// Paired compares a cheap engine with a thorough one on identical bytes, label
// by label.
type Paired struct {
	// Full counts labels that the thorough engine found, Both those of them
	// that the cheap one found too, OnlyCheap those that only it found.
	Full, Both, OnlyCheap int
	// Missed names the labels that only the thorough engine found.
	Missed                []string
	FalseFull, FalseCheap int
	Quiet                 time.Duration
}

// Add scores both engines' events of one clip.
func (p *Paired) Add(c Clip, full, cheap []Found) {
	for _, l := range c.Events {
		f, g := touched(l, full, c.Tolerance), touched(l, cheap, c.Tolerance)
		switch {
		case f && g:
			p.Full++
			p.Both++
		case f:
			p.Full++
			p.Missed = append(p.Missed, fmt.Sprintf("%s at %.1f s (%s)", c.Name, l.From.Seconds(), l.Class))
		case g:
			p.OnlyCheap++
		}
	}
	a, b := Compare(c, full), Compare(c, cheap)
	p.FalseFull += len(a.False)
	p.FalseCheap += len(b.False)
	p.Quiet += a.Quiet
}

func touched(l Interval, found []Found, tolerance time.Duration) bool {
	for _, f := range found {
		if l.Meets(&f, tolerance) {
			return true
		}
	}
	return false
}

// Recall is the share of the thorough engine's finds that the cheap one has.
func (p *Paired) Recall() float64 {
	if p.Full == 0 {
		return 1
	}
	return float64(p.Both) / float64(p.Full)
}

// Bound is the 95 % confidence interval of Recall.
func (p *Paired) Bound() (lo, hi float64) { return ClopperPearson(p.Both, p.Full, 0.05) }

// ClopperPearson returns the exact two-sided confidence interval of a share of
// k in n at level 1-alpha (Clopper and Pearson 1934), found by bisection on the
// binomial distribution.
func ClopperPearson(k, n int, alpha float64) (lo, hi float64) {
	if n == 0 {
		return 0, 1
	}
	hi = 1
	if k > 0 {
		lo = bisect(func(p float64) bool { return 1-binomial(k-1, n, p) < alpha/2 })
	}
	if k < n {
		hi = bisect(func(p float64) bool { return binomial(k, n, p) > alpha/2 })
	}
	return lo, hi
}

// bisect returns where f turns from true to false in 0..1.
func bisect(f func(float64) bool) float64 {
	a, b := 0.0, 1.0
	for range 60 {
		if m := (a + b) / 2; f(m) {
			a = m
		} else {
			b = m
		}
	}
	return (a + b) / 2
}

// binomial is the chance of at most k successes in n.
func binomial(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		if k >= n {
			return 1
		}
		return 0
	}
	sum := 0.0
	all, _ := math.Lgamma(float64(n + 1))
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(1, sum)
}
