// Package composite makes films of which everything is known: movers cut from
// real clips (or drawn, where there are none) pass over real still backgrounds
// with noise, weather and light that are known too. Each film is painted once
// for all its encodings, and the same seed paints the same film on every
// machine.
package composite
