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
		var err error
		if all, err = newestOf(slices.Sorted(maps.Keys(may)), limit, list, at); err != nil {
			return nil, err
		}
	} else {
		some, err := list("", 1000)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(some, func(t T) bool { id, _ := at(&t); return !may[id] })
	}
	return newest(all, limit, at), nil
}

// newest returns the newest of all, at most limit, newest first.
func newest[T any](all []T, limit int, at func(*T) (shouwang.CameraID, time.Time)) []T {
	slices.SortStableFunc(all, func(a, b T) int {
		_, ta := at(&a)
		_, tb := at(&b)
		return tb.Compare(ta)
	})
	return all[:min(len(all), limit)]
}

// newestOf lists the newest records of some cameras. Each is asked for a few
// more than its share first, and for all that may count only where those were
// not enough: what is listed is decoded, and 25 times a hundred events for the
// newest hundred is most of a second. cameras are sorted, so that what began
// together keeps one order.
func newestOf[T any](cameras []shouwang.CameraID, limit int, list func(shouwang.CameraID, int) ([]T, error), at func(*T) (shouwang.CameraID, time.Time)) ([]T, error) {
	share := min(limit, 8+2*limit/max(1, len(cameras)))
	of := make([][]T, len(cameras))
	var err error
	for i, id := range cameras {
		if of[i], err = list(id, share); err != nil {
			return nil, err
		}
	}
	so := newest(slices.Concat(of...), limit, at)
	for i, id := range cameras {
		if len(of[i]) < share || share == limit {
			continue
		}
		_, oldest := at(&of[i][share-1])
		if len(so) == limit {
			if _, last := at(&so[limit-1]); oldest.Before(last) {
				continue
			}
		}
		if of[i], err = list(id, limit); err != nil {
			return nil, err
		}
	}
	return slices.Concat(of...), nil
}
