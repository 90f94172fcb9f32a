package policy

import (
	"shouwang"
	"shouwang/policy/internal/forge"
)

func init() {
	forge.Grant = func(camera, action, span, recording, duties any) any {
		return forged(camera.(shouwang.CameraID), action.(Action), span.(shouwang.Span),
			recording.(Recording), duties.([]Obligation))
	}
}

// forged is a grant without a decision behind it, for tests of other rooms.
func forged(camera shouwang.CameraID, action Action, span shouwang.Span, rec Recording, duties []Obligation) Grant {
	id := "test-" + string(action) + "-" + string(camera)
	return Grant{id: id, camera: camera, action: action, span: span, recording: rec, decision: Decision{
		ID: id, DecisionID: id, Decision: "allow", Reasons: []Reason{"consent"}, Obligations: duties,
		TTL: int(span.Duration().Seconds()), Consent: "c-test@1", PolicySet: "sha256:test",
	}}
}
