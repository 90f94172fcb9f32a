// Package policytest makes permissions for the tests of other rooms. Only
// files that end in _test.go may import it; a test in package policy sees to
// that.
package policytest

import (
	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/policy/internal/forge"
)

// Allow returns a grant that permits the action on the camera's pictures
// captured within span; recording counts only where action is policy.Record.
// Obligations, if any, are carried by the grant's decision.
func Allow(camera shouwang.CameraID, action policy.Action, span shouwang.Span, recording policy.Recording,
	obligations ...policy.Obligation,
) gate.Grant {
	return forge.Grant(camera, action, span, recording, obligations).(gate.Grant)
}
