package gate

import (
	"shouwang"
	"shouwang/policy"
	"shouwang/policy/internal/forge"
)

func init() {
	forge.Grant = func(camera, action, span, recording, duties any) any {
		return forged(camera.(shouwang.CameraID), action.(policy.Action), span.(shouwang.Span),
			recording.(policy.Recording), duties.([]policy.Obligation))
	}
}

// forged is a grant without a decision behind it, for tests of other rooms.
func forged(camera shouwang.CameraID, action policy.Action, span shouwang.Span, rec policy.Recording, duties []policy.Obligation) Grant {
	id := "test-" + string(action) + "-" + string(camera)
	return Grant{id: id, camera: camera, action: action, span: span, recording: rec, decision: policy.Decision{
		ID: id, DecisionID: id, Decision: "allow", Reasons: []policy.Reason{"consent"}, Obligations: duties,
		TTL: int(span.Duration().Seconds()), Consent: "c-test@1", PolicySet: "sha256:test",
	}}
}
