package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary runs itself again: a process that was locked in is of no
// use afterwards.
func TestMain(m *testing.M) {
	if os.Getenv("SANDBOX_TEST_CHILD") != "" {
		child(os.Getenv("SANDBOX_TEST_CHILD"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child does what its parent asks and prints one line an attempt.
func child(what string) {
	old, answers := make(chan bool), make(chan []Attempt)
	go func() { // a thread that was there before the lock
		runtime.LockOSThread()
		<-old
		answers <- Probe()
	}()
	if what != "free" {
		in, err := Apply(Limits{Memory: 512 << 20})
		if err != nil {
			fmt.Println("refused:", err)
			return
		}
		fmt.Println("in force:", in)
	}
	switch what {
	case "memory":
		var keep [][]byte
		for range 2000 { // 2 GB: the limit ends it
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			keep = append(keep, b)
		}
		fmt.Println("took", len(keep), "MB")
	case "work":
		work()
	default:
		report("main", Probe())
		close(old)
		report("older thread", <-answers)
		go func() { // a thread made since
			runtime.LockOSThread()
			answers <- Probe()
		}()
		report("newer thread", <-answers)
	}
}

func report(who string, all []Attempt) {
	for _, a := range all {
		fmt.Printf("%s\t%s\t%v\n", who, a.Name, a.Err)
	}
}

// work does what an analyzer does: threads, timers, garbage collection.
func work() {
	done := make(chan int)
	for range 20 {
		go func() {
			runtime.LockOSThread()
			var keep []byte
			for range 50 {
				keep = make([]byte, 1<<20)
			}
			<-time.After(time.Millisecond)
			done <- len(keep)
		}()
	}
	for range 20 {
		<-done
	}
	runtime.GC()
	fmt.Println("worked")
}

func run(t *testing.T, what string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SANDBOX_TEST_CHILD="+what)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "refused: "+ErrUnsupported.Error()) {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatalf("%s", out)
		}
		t.Skipf("the kernel cannot do it: %s", out)
	}
	return string(out), err
}

func TestNothingGetsOut(t *testing.T) {
	out, err := run(t, "probe")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tried := 0
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 {
			continue
		}
		tried++
		if f[2] != syscall.EPERM.Error() && f[2] != syscall.EACCES.Error() {
			t.Errorf("%s: could %s (%s)", f[0], f[1], f[2])
		}
	}
	if tried != 3*len(Probe()) {
		t.Fatalf("%d attempts were made:\n%s", tried, out)
	}
}

// TestTheProbeCanSucceed: the attempts that any process may make succeed
// without the sandbox, so it is the sandbox that stops them.
func TestTheProbeCanSucceed(t *testing.T) {
	free := map[string]error{}
	for _, a := range Probe() {
		free[a.Name] = a.Err
	}
	for _, name := range []string{"read a file", "open a device", "list a folder", "look at a file", "open a network socket", "open a local socket", "make a process", "make memory executable", "signal another process"} {
		if err, known := free[name]; err != nil || !known {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !errors.Is(free["run a program"], syscall.ENOENT) {
		t.Errorf("run a program: %v", free["run a program"])
	}
}

func TestWorkGoesOn(t *testing.T) {
	if out, err := run(t, "work"); err != nil || !strings.Contains(out, "worked") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	out, err := run(t, "memory")
	if err == nil || strings.Contains(out, "took") {
		t.Fatalf("2 GB were taken under a bound of 512 MB:\n%s", out)
	}
	if !strings.Contains(out, "in force") {
		t.Fatalf("ended before the lock was on:\n%s", out)
	}
}
