package policy

// What a township says about the view gate.
const (
	// ViewGateRecorded notes approvals; a view that was approved once and drifts
	// closes its camera.
	ViewGateRecorded = "recorded"
	// ViewGateRequired lets a consent open nothing before two people approved.
	ViewGateRequired = "required"
)

// ViewGate returns what the township says: ViewGateRequired or ViewGateRecorded.
func (w *World) ViewGate() string {
	if w.forced {
		return ViewGateRequired
	}
	return ViewGateRecorded
}

// ViewApproved says whether the view gate lets the consent open the camera: two
// people approved its view, by the camera's record or the consent's own.
func (w *World) ViewApproved(cam *Camera, c *Consent) bool {
	return !w.forced || twoPeople(cam.ViewApprovedBy) || c != nil && c.Device != nil && twoPeople(c.Device.ViewApprovedBy)
}

// twoPeople says whether the list names two different people.
func twoPeople(list []string) bool {
	return len(list) >= ViewSigners && list[0] != "" && list[1] != "" && list[0] != list[1]
}

// ViewWaiting reports whether the camera waits for two people to approve its
// view: it is closed though its view has not drifted, or a consent for it is in
// force and opens nothing.
func (w *World) ViewWaiting(id string) bool {
	cam := w.cameras[id]
	if cam == nil {
		return false
	}
	if cam.Quarantined {
		n := len(cam.Drifted)
		return n == 0 || !cam.Drifted[n-1].To.IsZero()
	}
	for _, c := range cam.current {
		if c.State.Live() && !w.ViewApproved(cam.Camera, c) {
			return true
		}
	}
	return false
}
