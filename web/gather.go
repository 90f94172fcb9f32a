package web

import (
	"maps"
	"slices"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/web/front"
)

// fewCameras is up to how many cameras are asked for one by one; whoever may
// search more gets one list over all, filtered.
const fewCameras = 64

// maySearch reports whether the caller may be told what happened before the
// camera, without a picture: the gate's word for officers; owners always, for
// their own; a wall, where it may show the camera now.
func (s *Server) maySearch(c *front.Caller, cam *policy.Camera) bool {
	switch c.Who.Type {
	case policy.TypeResident:
		return c.Owns(cam)
	case policy.TypeOfficer:
		d := s.deps.Gate.Decide(c.Request(policy.Search, cam, front.Why{}, s.Now()))
		return d.Allowed()
	case policy.TypeKiosk:
		d := s.deps.Gate.Decide(c.Request(policy.ViewLive, cam, front.Why{}, s.Now()))
		return d.Allowed()
	}
	return false
}

// searchable returns the cameras whose events the caller may be told.
func (s *Server) searchable(c *front.Caller) map[shouwang.CameraID]bool {
	out := map[shouwang.CameraID]bool{}
	for _, cam := range c.World.Cameras() {
		if c.Knows(cam) && s.maySearch(c, cam) {
			out[cam.CameraID()] = true
		}
	}
	return out
}

// gather lists records of one camera, or of every camera the caller may
// search, newest first and at most limit. A camera that the caller may not
// search is not found.
func gather[T any](s *Server, c *front.Caller, camera shouwang.CameraID, limit int, list func(shouwang.CameraID, int) ([]T, error), at func(*T) (shouwang.CameraID, time.Time)) ([]T, error) {
	if camera != "" {
		cam, err := c.Camera(camera)
		if err != nil {
			return nil, err
		}
		if !s.maySearch(c, cam) {
			return nil, shouwang.Errorf(shouwang.CodeNotFound, "no camera %q that you may search", camera)
		}
		return list(camera, limit)
	}
	may := s.searchable(c)
	var all []T
	if len(may) <= fewCameras {
		for _, id := range slices.Sorted(maps.Keys(may)) { // what began together keeps one order
			some, err := list(id, limit)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	} else {
		some, err := list("", 1000)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(some, func(t T) bool { id, _ := at(&t); return !may[id] })
	}
	slices.SortStableFunc(all, func(a, b T) int {
		_, ta := at(&a)
		_, tb := at(&b)
		return tb.Compare(ta)
	})
	return all[:min(len(all), limit)], nil
}
