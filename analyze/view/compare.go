package view

import "time"

// Verdict says what became of a view.
type Verdict string

// The verdicts. Unclear is neither good nor bad: there is too little to see.
const (
	Same    Verdict = "same"
	Moved   Verdict = "moved"   // the same scene, shifted: the camera was nudged
	Turned  Verdict = "turned"  // another scene: turned away, or another camera
	Unclear Verdict = "unclear" // dark, fogged or covered
)

// Result is a comparison with the approved view.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Match is how well edges lie where they lay, -1..1; Best is how well they
	// do at the best shift within a third of the picture.
	Match float64 `json:"match"`
	Best  float64 `json:"best"`
	// DX and DY are that shift, in fractions of the picture's width and height.
	DX float64 `json:"dx"`
	DY float64 `json:"dy"`
	// Since is from when on the view may have been another; set when it drifted.
	Since time.Time `json:"since,omitzero"`
}

// The thresholds come from the clips in docs/performance.md: the same camera
// matches itself at 0.45 and more from noon to night, another camera at 0.25
// and less.
const (
	// sameAbove is a match that needs no second look.
	sameAbove = 0.45
	// strangerBelow is a best match that no shift explains.
	strangerBelow = 0.3
	// ahead is by how much a shifted match must beat the one in place.
	ahead = 0.12
	// reach is how far a shift is looked for, in cells: a third of the picture.
	reachX, reachY = Cols / 3, Rows / 3
)

// Compare compares a present picture with the approved one.
func Compare(approved, now *Grid) Result {
	a, b := edgesOf(approved), edgesOf(now)
	if a.energy < flat || b.energy < flat {
		return Result{Verdict: Unclear}
	}
	r := Result{Match: match(a, b, 0, 0)}
	r.Best = r.Match
	bestX, bestY := 0, 0
	for dy := -reachY; dy <= reachY; dy++ {
		for dx := -reachX; dx <= reachX; dx++ {
			if m := match(a, b, dx, dy); m > r.Best {
				r.Best, bestX, bestY = m, dx, dy
			}
		}
	}
	r.DX, r.DY = float64(bestX)/Cols, float64(bestY)/Rows
	r.Verdict = r.verdict(bestX, bestY)
	return r
}

func (r *Result) verdict(dx, dy int) Verdict {
	shifted := dx > 1 || dx < -1 || dy > 1 || dy < -1
	switch {
	case shifted && r.Best > strangerBelow && r.Best-r.Match > ahead:
		return Moved
	case r.Match >= sameAbove || !shifted && r.Best >= strangerBelow:
		return Same
	case r.Best < strangerBelow:
		return Turned
	}
	return Unclear
}
