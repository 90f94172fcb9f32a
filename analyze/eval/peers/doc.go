// Package peers holds the rules of other open engines, written from what they
// publish of them, as in-run baselines: what they would have noticed in the
// very pictures that ours is measured on. Each takes luma and answers with the
// places that its rule calls motion.
package peers

import "shouwang"

// Rule is one peer's rule for one camera. Look takes a decoded picture's luma,
// height rows of stride bytes, and returns what it calls motion, in fractions
// of the picture; the slice is overwritten by the next call.
type Rule interface {
	Look(luma []byte, stride, width, height int) []shouwang.Box
}
