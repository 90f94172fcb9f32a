// Package view tells whether a camera still sees what was approved. It looks at
// pictures reduced to a small grid of luma, which is all that has to leave an
// analyzer for it, and compares where edges lie: light, weather and the switch
// to infrared change how strong an edge is, and hardly ever where it is.
package view
