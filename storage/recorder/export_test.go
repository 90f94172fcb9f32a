package recorder

// KillAt calls f between the steps of every commitment.
func (r *Recorder) KillAt(f func(step string)) { r.at = f }
