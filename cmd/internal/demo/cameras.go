package demo

import (
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
)

// Camera is one camera of the demo: what it shows and how it reaches us.
type Camera struct {
	ID   shouwang.CameraID
	Clip ClipSpec
	// Push says that it announces its stream to us; else we pull it.
	Push bool
	// Faults, if any, make it misbehave; it is then played by the simulator
	// itself, not by ffmpeg.
	Faults *camsim.Faults
	// Step says that it keeps step with the others so marked: they are views of
	// one scene, played by the simulator itself.
	Step bool
	// Clock is how far its clock is ahead of the truth.
	Clock time.Duration
}

// Cameras are the demo's: department and residents, H.264 and H.265, pulled
// and pushed, by day and by night, one of them in bad health.
func Cameras() []Camera {
	clip := func(codec string, seed uint64, files ...string) ClipSpec {
		return ClipSpec{Files: files, Codec: codec, Size: "640x360", FPS: 10, Seed: seed}
	}
	night := clip("h265", 16, "rfmanz_night_175s.mp4")
	night.Night = true
	return []Camera{
		{ID: "gate-east", Clip: clip("h264", 11, "intel_car-detection.mp4")},
		{ID: "market-2", Clip: clip("h264", 12, "vtest.avi"), Push: true},
		{ID: "road-5", Clip: clip("h265", 13, "ahmetozlu_street1.mp4")},
		{ID: "square-1", Clip: clip("h264", 14, "bgslibrary_video.avi"), Faults: &camsim.Faults{
			DropEvery: 400, SwapEvery: 150, StallEvery: 50 * time.Second, StallFor: 12 * time.Second,
		}},
		{ID: "door-17", Clip: clip("h264", 15, "intel_one-by-one-person-detection.mp4"), Push: true},
		{ID: "yard-8", Clip: night},
		{ID: "gate-21", Clip: clip("h265", 17, "mlihgenel_garden_cat.mp4"), Push: true},
		{ID: "hall-1", Clip: clip("h264", 19, "lab4cam_cam0.mp4"), Step: true},
		{ID: "hall-2", Clip: clip("h264", 20, "lab4cam_cam1.mp4"), Step: true},
		{ID: "hall-3", Clip: clip("h264", 21, "lab4cam_cam2.mp4"), Step: true, Clock: 1800 * time.Millisecond},
		{ID: "hall-4", Clip: clip("h264", 22, "lab4cam_cam3.mp4"), Step: true},
		{ID: "lane-3", Clip: clip("h264", 18, "frigate_test_motion_video-2.mp4")},
	}
}
