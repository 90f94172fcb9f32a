// Package onboard is where a township technician takes cameras in: finds them,
// tries what they send before anything is saved, offers them a kinder
// sub-stream, and keeps the register of cameras. Technicians are
// administrators: they see numbers about a stream and never its picture, and
// no answer holds a password that was entered before.
package onboard
