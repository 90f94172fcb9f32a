// Package cameras tells people of the cameras that they may know of, and of the
// places where they hang: how each does, whether it is shared, and what the gate
// would say to a live view now. It shows no picture and asking it is no look.
package cameras
