package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// motionFor is how long Debian's motion is watched, after it has settled.
const motionFor = 15 * time.Second

// motion measures what Debian's motion spends on the same stream, at the
// stream's own pace: CPU a second of video. ok is false where it is not
// installed or does not take the file.
func motion(ctx context.Context, path string, s Stream) (perSecond time.Duration, ok bool) {
	binary, err := exec.LookPath("motion")
	if err != nil {
		return 0, false
	}
	folder, err := os.MkdirTemp("", "bench-motion-")
	if err != nil {
		return 0, false
	}
	defer os.RemoveAll(folder)
	absolute, err := filepath.Abs(path)
	if err != nil {
		return 0, false
	}
	config := filepath.Join(folder, "motion.conf")
	text := fmt.Sprintf("daemon off\nsetup_mode off\nlog_level 3\nlog_file %s/log\ntarget_dir %s\nnetcam_url file://%s\nwidth %d\nheight %d\nframerate %d\npicture_output off\nmovie_output off\nwebcontrol_port 0\nstream_port 0\n",
		folder, folder, absolute, s.Width, s.Height, s.FPS)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return 0, false
	}
	cmd := exec.CommandContext(ctx, binary, "-n", "-c", config)
	if err := cmd.Start(); err != nil {
		return 0, false
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	if wait(ctx, 5*time.Second) != nil {
		return 0, false
	}
	before := cpuOf(cmd.Process.Pid)
	began := time.Now()
	if wait(ctx, motionFor) != nil {
		return 0, false
	}
	used := cpuOf(cmd.Process.Pid) - before
	if used <= 0 { // it ended, or decodes nothing
		return 0, false
	}
	return time.Duration(float64(used) / time.Since(began).Seconds()), true
}

// cpuOf returns a process's user and system time, from /proc.
func cpuOf(pid int) time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * (time.Second / 100)
}
