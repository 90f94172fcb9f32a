package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/ledger"
)

// TestHelperWritesUntilKilled is the process that the next test kills: it
// prints each number once its entry is said to be durable.
func TestHelperWritesUntilKilled(t *testing.T) {
	dir := os.Getenv("SHOUWANG_LEDGER_HELPER")
	if dir == "" {
		return // it runs in the process that the next test starts
	}
	l, err := ledger.Open(context.Background(), ledger.Config{Dir: dir})
	must(t, err)
	for i := 0; ; i++ {
		index, err := l.Append(context.Background(), look("camera:a", i))
		must(t, err)
		fmt.Println("durable", index)
	}
}

// kill -9 at any moment: what was said to be durable is in the log, once, and
// the log is whole.
func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	durable := int64(-1)
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=TestHelperWritesUntilKilled", "-test.v")
		cmd.Env = append(os.Environ(), "SHOUWANG_LEDGER_HELPER="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		lines, seen, stopAt := bufio.NewScanner(out), 0, 1+rand.IntN(120)
		for lines.Scan() {
			var n int64
			if _, err := fmt.Sscanf(lines.Text(), "durable %d", &n); err != nil {
				continue
			}
			durable = max(durable, n)
			if seen++; seen == stopAt {
				_ = cmd.Process.Kill()
			}
		}
		kill.Stop()
		_ = cmd.Wait()
		if seen < stopAt {
			t.Fatalf("round %d: the helper wrote %d entries and ended", round, seen)
		}
		report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
		if err != nil || !report.OK() {
			t.Fatalf("round %d, as the crash left it: %+v, %v", round, report, err)
		}
	}
	l := open(t, dir)
	p, err := l.Proof(t.Context(), uint64(durable))
	must(t, err)
	must(t, ledger.VerifyProof(p, l.VerifierKey()))
	must(t, l.Close())
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, []string{p.Checkpoint}, nil)
	if err != nil || !report.OK() || report.Waiting != 0 || int64(report.Size) <= durable || report.Size != report.Details {
		t.Errorf("after all: %+v, %v; %s entries were promised", report, err, strconv.FormatInt(durable+1, 10))
	}
}

// The front cannot be written: Append says so at once and recovers by itself.
func TestFrontThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 3)
	execSQL(t, dir, `ALTER TABLE entries RENAME TO away`)
	_, err := l.Append(t.Context(), look("camera:a", 3))
	wantCode(t, err, shouwang.CodeAuditUnavailable)
	if s, _ := l.Stats(t.Context()); s.Failing == "" {
		t.Error("nobody is told that the log cannot be written")
	}
	execSQL(t, dir, `ALTER TABLE away RENAME TO entries`)
	index, err := l.Append(t.Context(), look("camera:a", 3))
	if err != nil || index != 3 {
		t.Errorf("after the repair: %d, %v", index, err)
	}
}

// Try finds out whether the log can be written and leaves nothing in it.
func TestTryAddsNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 2)
	for range 3 {
		must(t, l.Try(t.Context()))
	}
	execSQL(t, dir, `ALTER TABLE trial RENAME TO away`)
	wantCode(t, l.Try(t.Context()), shouwang.CodeAuditUnavailable)
	if s, _ := l.Stats(t.Context()); s.Failing == "" {
		t.Error("nobody is told that the log cannot be written")
	}
	execSQL(t, dir, `ALTER TABLE away RENAME TO trial`)
	must(t, l.Try(t.Context()))
	if s, _ := l.Stats(t.Context()); s.Failing != "" || s.Entries != 2 {
		t.Errorf("afterwards: %+v", s)
	}
	must(t, l.Close())
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
	if err != nil || !report.OK() || report.Size != 2 {
		t.Errorf("report: %+v, %v", report, err)
	}
}

// The Merkle log's folder is gone: what was accepted stays in the front, new
// entries are refused within a moment, and all goes on when it is back.
func TestPublicLogThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 3)
	_, err := l.Proof(t.Context(), 2)
	must(t, err)
	public := filepath.Join(dir, "public")
	must(t, os.Rename(public, public+".away"))
	accepted, deadline := 3, time.Now().Add(10*time.Second)
	for err == nil && time.Now().Before(deadline) {
		if _, err = l.Append(t.Context(), look("camera:a", accepted)); err == nil {
			accepted++
		}
	}
	wantCode(t, err, shouwang.CodeAuditUnavailable)
	if s, _ := l.Stats(t.Context()); s.Failing == "" || s.Backlog == 0 {
		t.Errorf("stats: %+v", s)
	}
	_ = os.RemoveAll(public) // what was made anew meanwhile
	must(t, os.Rename(public+".away", public))
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, err = l.Append(t.Context(), look("camera:a", accepted)); err == nil || time.Now().After(deadline) {
			break
		}
	}
	must(t, err)
	p, err := l.Proof(t.Context(), uint64(accepted))
	must(t, err)
	must(t, ledger.VerifyProof(p, l.VerifierKey()))
	must(t, l.Close())
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
	if err != nil || !report.OK() || report.Size != uint64(accepted+1) {
		t.Errorf("report: %+v, %v", report, err)
	}
}
