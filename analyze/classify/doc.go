// Package classify says what a moving thing is: a person, a vehicle, an animal
// or something else. It never says who: it knows no faces, no bodies and no
// plates, keeps no picture and gives no feature that two sightings could be
// compared by. It runs inside the analyzer process, on crops of moving regions.
//
// Crops of several cameras are laid side by side on one sheet of the network's
// input, so that one run answers for up to four of them. A model that is not
// there, or that does not fit, classifies nothing; events are raised all the
// same.
package classify
