package recorder_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"shouwang"
	"shouwang/policy"
	"shouwang/policy/gate"
	"shouwang/policy/policytest"
	"shouwang/storage/archive"
	"shouwang/storage/recorder"
)

// recordUntilKilled is the life of the child process: it records a stream
// that runs ten times as fast as life and says how far it has come, until the
// test kills it or it kills itself at the step it was told.
func recordUntilKilled() {
	dir, step := os.Getenv("SHOUWANG_RECORD_UNTIL_KILLED"), os.Getenv("SHOUWANG_KILL_AT")
	name, count, _ := strings.Cut(step, "*")
	left, _ := strconv.Atoi(count)
	ctx := context.Background()
	mode := policy.Recording{Mode: policy.RecordRolling, Stream: shouwang.StreamMain, Retention: time.Hour * 100}
	r := &rig{now: start, mode: mode, dir: dir}
	a, err := archive.Open(ctx, archive.Config{Dir: dir, Clock: r.clock, Recorder: recorder.Config{MaxSegment: 10 * time.Second}})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	rec := a.Recorder(archive.RecorderDeps{Permit: func(camera shouwang.CameraID, at time.Time) gate.Grant {
		return policytest.Allow(camera, policy.Record, shouwang.Span{From: start, To: start.Add(time.Hour)}, mode)
	}})
	rec.KillAt(func(at string) {
		if left--; at != name {
			left++
		} else if left <= 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	units := fake(start, 600, 10)
	src := &tape{rig: r, units: units, before: func(i int, u *shouwang.AccessUnit) error {
		fmt.Println("at", i)
		<-time.After(time.Millisecond) // the pace of the stream, in a process that waits for nothing else
		return nil
	}}
	go a.Uploader.Run(ctx)
	_ = rec.Session(camera, shouwang.StreamMain).Run(ctx, src, nil)
}

// child records into dir until it dies, and returns the last picture it said
// it had taken. after says after how many pictures to kill it, 0 for never.
func child(t *testing.T, dir, step string, after int) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "SHOUWANG_RECORD_UNTIL_KILLED="+dir, "SHOUWANG_KILL_AT="+step)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, err := fmt.Sscanf(lines.Text(), "at %d", &last); err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
		if after > 0 && last >= after {
			_ = cmd.Process.Kill()
			after = 0
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	return last
}

// survived opens what the child left and checks that at most the last second
// before the picture named is missing.
func survived(t *testing.T, dir string, last int) {
	t.Helper()
	r := &rig{now: start.Add(time.Hour), free: 1 << 40, dir: dir}
	r.open(t)
	defer r.Close()
	r.clean(t)
	kept := -1
	list, err := r.Catalog.Segments(t.Context(), camera, "", shouwang.Span{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		kept += len(s.Samples)
		if file, err := r.Assemble(t.Context(), camera, "", s.Span, "d-1"); err != nil || file.Len() == 0 {
			t.Fatalf("segment %s cannot be played: %v", s.ID, err)
		}
	}
	if missing := last - kept; missing > 11 {
		t.Fatalf("%d pictures of %d were lost, more than a second", missing, last)
	}
	if again, err := r.Keeper.Repair(t.Context()); err != nil || again.Recovered+again.Indexed+again.Lost+again.Discarded != 0 {
		t.Fatalf("a second repair found %+v, %v", again, err)
	}
}

func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	for _, step := range []string{"fragment*1", "fragment*7", "sealed*1", "renamed*1", "indexed*1", "renamed*3"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			survived(t, dir, child(t, dir, step, 0))
		})
	}
}

func TestKilledAtRandom(t *testing.T) {
	for i := range 5 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			survived(t, dir, child(t, dir, "", 30+rand.IntN(350)))
		})
	}
}
