package gate

import (
	"sync"
	"sync/atomic"

	"shouwang"
	"shouwang/policy"
)

// answers remembers the last answers to the machine for each camera that was
// asked about. It is part of a state and goes with it: no answer outlives the
// world and the rules it rests on.
type answers struct {
	mu sync.RWMutex
	of map[shouwang.CameraID]*machineSlots
}

// machineSlots holds the last answers for one camera.
type machineSlots struct{ analyze, record atomic.Pointer[cached] }

func (m *machineSlots) of(action policy.Action) *atomic.Pointer[cached] {
	if action == policy.Record {
		return &m.record
	}
	return &m.analyze
}

// slot returns where the answer to the action on the camera stands, nil for a
// camera that was not asked about before.
func (a *answers) slot(action policy.Action, camera shouwang.CameraID) *atomic.Pointer[cached] {
	a.mu.RLock()
	slots := a.of[camera]
	a.mu.RUnlock()
	if slots == nil {
		return nil
	}
	return slots.of(action)
}

// keep remembers the first answer for a camera.
func (a *answers) keep(action policy.Action, camera shouwang.CameraID, c *cached) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[shouwang.CameraID]*machineSlots{}
	}
	slots := a.of[camera]
	if slots == nil {
		slots = &machineSlots{}
		a.of[camera] = slots
	}
	slots.of(action).Store(c)
}
