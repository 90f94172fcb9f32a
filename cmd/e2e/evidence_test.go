package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"shouwang/cmd/internal/demo"
	"shouwang/ingest/camsim"
)

// TestOnePersonsWayThroughFourCameras is the investigator's story: four cameras
// of one room over real RTSP, one of them with a wrong clock; what happened is
// found, followed on one clock and gathered for a case, in Chinese and English;
// then a clip leaves the house, and one is held, by two people.
func TestOnePersonsWayThroughFourCameras(t *testing.T) {
	tool(t, "ffmpeg")
	videos := filepath.Join(root(t), "..", "shared", "videos")
	if _, err := os.Stat(filepath.Join(videos, "lab4cam_cam0.mp4")); err != nil {
		t.Log("the four views of one room are not here: four painted streets stand in for them")
	}
	specs := make([]demo.ClipSpec, 4)
	for i := range specs {
		specs[i] = demo.ClipSpec{Files: []string{fmt.Sprintf("lab4cam_cam%d.mp4", i)}, Codec: "h264", Size: "640x360", FPS: 10, Seed: 41}
	}
	files, err := demo.MakeClips(t.Context(), videos, filepath.Join(root(t), ".cache", "demo"), specs, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	sim, err := camsim.New(camsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	clips := make([]*camsim.Clip, len(files))
	for i, file := range files {
		if clips[i], err = camsim.Load(t.Context(), file, 0); err != nil {
			t.Fatal(err)
		}
	}
	var cams []cam
	for i, clip := range clips { // all loaded, so that they begin together
		name := fmt.Sprintf("hall-%d", i+1)
		camera := camsim.Camera{Clips: []*camsim.Clip{clip}}
		if i == 2 {
			camera.ClockOffset = 1800 * time.Millisecond
		}
		if err := sim.Serve(name, camera); err != nil {
			t.Fatal(err)
		}
		cams = append(cams, cam{ID: name, Name: fmt.Sprintf("文化站%d号", i+1), URL: sim.URL(name)})
	}
	h := build(t, cams, nil)
	s := h.start(t)
	playwright(t, s, h, "evidence.spec.ts", "INVESTIGATOR=wang:"+h.passwords["wang"], "SECOND=pu:"+h.passwords["pu"],
		"SHOUWANG="+binary(t, "shouwang"))
}
