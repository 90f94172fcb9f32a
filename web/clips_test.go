package web

import (
	"time"

	"shouwang"
	"shouwang/policy"
)

func clipOf(id shouwang.ClipID, camera shouwang.CameraID) StoredClip {
	return StoredClip{
		Clip: shouwang.Clip{
			ID: id, Camera: camera, Reason: "event", Event: shouwang.EventID("e-" + id),
			Span: shouwang.Span{From: wednesday.Add(-time.Hour), To: wednesday.Add(-time.Hour + 4*time.Second)},
		},
		Keys: policy.KeyLive,
	}
}
