// Package scene turns one camera's pictures into regions that differ from what
// the camera usually sees. It looks at luma only, reduced to cells of a few
// pixels, and learns per cell a background level and how much that level
// flickers. It allocates nothing once a camera's picture size is known.
//
// Only the analyzer process and tests import it: the per-cell passes are C.
package scene
