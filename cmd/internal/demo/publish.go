package demo

import (
	"context"
	"log/slog"
	"os/exec"
	"syscall"
	"time"

	"shouwang"
)

// Publish plays the file over and over to an RTSP address with ffmpeg, at its
// own pace and without encoding it again, as a camera (or an edge agent) that
// announces its stream does. It starts ffmpeg again when it ends and returns
// when ctx is done and ffmpeg is gone. The address may hold a password; it is
// never logged.
func Publish(ctx context.Context, log *slog.Logger, file, address string) {
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", file,
			"-an", "-c", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", address)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = 2 * time.Second
		err := cmd.Run()
		if ctx.Err() != nil {
			return
		}
		log.Debug("camera's ffmpeg ended; it starts again in a second", "address", shouwang.RedactURL(address), "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}
