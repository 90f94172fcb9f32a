package redisbus_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"shouwang"
	"shouwang/storage/bus"
	"shouwang/storage/bus/bustest"
	"shouwang/storage/bus/redisbus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "s3cret-of-the-test"

// server is a real redis-server on loopback.
type server struct {
	port int
	dir  string
	cmd  *exec.Cmd
}

func startServer(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("SHOUWANG_CI") == "1" {
			t.Fatal("redis-server is not in PATH: apt-get install redis-server")
		}
		t.Skip("redis-server is not in PATH: the Redis adapter is not tested")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{port: l.Addr().(*net.TCPAddr).Port, dir: t.TempDir()}
	_ = l.Close()
	t.Cleanup(func() { s.kill() })
	s.start(t)
	return s
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("redis-server", "--port", fmt.Sprint(s.port), "--bind", "127.0.0.1", "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--dir", s.dir, "--requirepass", password, "--loglevel", "warning")
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := s.client(t)
	for deadline := time.Now().Add(10 * time.Second); c.Ping(t.Context()).Err() != nil; {
		if time.Now().After(deadline) {
			t.Fatal("redis-server does not answer")
		}
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) url() string { return fmt.Sprintf("redis://:%s@127.0.0.1:%d/0", password, s.port) }

func (s *server) client(t *testing.T) *redis.Client {
	options, err := redis.ParseURL(s.url())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *server) open(t *testing.T, stream string, keep bus.Keep) *redisbus.Bus {
	t.Helper()
	b, err := redisbus.Open(t.Context(), redisbus.Config{URL: s.url(), Stream: stream, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestRedisConforms(t *testing.T) {
	s := startServer(t)
	bustest.Run(t, func(t *testing.T, keep bus.Keep) bus.Bus { return s.open(t, t.Name(), keep) })
}

func TestTwoProcessesShareOneLog(t *testing.T) {
	s := startServer(t)
	one, two := s.open(t, "", bus.Keep{}), s.open(t, "", bus.Keep{})
	r := bustest.Read(t, two, bus.FromNow)
	first := bustest.Publish(t, one, "a", 1)
	second := bustest.Publish(t, two, "b", 2)
	bustest.Want(t, r, first)
	bustest.Want(t, r, second)
	bustest.Want(t, bustest.Read(t, one, first), second)
}

func TestReaderOutlivesTheServer(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "x", bus.Keep{})
	r := bustest.Read(t, b, bus.FromNow)
	bustest.Want(t, r, bustest.Publish(t, b, "a", "before"))
	s.kill()
	if _, err := b.Publish(t.Context(), "a", "lost"); shouwang.CodeOf(err) != shouwang.CodeStorageAway {
		t.Errorf("publish without a server: %v", err)
	}
	if err := b.Ping(t.Context()); shouwang.CodeOf(err) != shouwang.CodeStorageAway || strings.Contains(err.Error(), password) {
		t.Errorf("ping without a server: %v", err)
	}
	s.start(t)
	bustest.Want(t, r, bustest.Publish(t, b, "a", "after"))
}

func TestFlushedServerIsTold(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "x", bus.Keep{})
	r := bustest.Read(t, b, bus.FromNow)
	bustest.Want(t, r, bustest.Publish(t, b, "a", 1))
	if err := s.client(t).FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	id := bustest.Publish(t, b, "a", 2)
	bustest.WantMissed(t, r)
	bustest.Want(t, r, id)
}

// A server restored from an older copy counts on from lower IDs: the reader
// would wait for ever if it only asked for larger ones.
func TestLogThatWentBackIsTold(t *testing.T) {
	s := startServer(t)
	b, raw := s.open(t, "x", bus.Keep{}), s.client(t)
	add := func(id string) {
		t.Helper()
		if err := raw.XAdd(t.Context(), &redis.XAddArgs{
			Stream: "x", ID: id,
			Values: []any{"t", "a", "a", "2026-11-23T00:00:00Z", "b", "1", "p", "0-0"},
		}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	add("9000000000000-5")
	r := bustest.Read(t, b, bus.FromNow)
	if err := raw.Del(t.Context(), "x").Err(); err != nil {
		t.Fatal(err)
	}
	add("7000-1")
	bustest.WantMissed(t, r)
	bustest.Want(t, r, "7000-1")
}

func TestHoleInTheMiddleIsTold(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "x", bus.Keep{})
	one, two, three := bustest.Publish(t, b, "a", 1), bustest.Publish(t, b, "a", 2), bustest.Publish(t, b, "a", 3)
	if err := s.client(t).XDel(t.Context(), "x", two).Err(); err != nil {
		t.Fatal(err)
	}
	r := bustest.Read(t, b, bus.FromOldest)
	bustest.Want(t, r, one)
	bustest.WantMissed(t, r)
	bustest.Want(t, r, three)
}

func TestAgeIsTrimmed(t *testing.T) {
	s := startServer(t)
	b, raw := s.open(t, "x", bus.Keep{Age: time.Hour}), s.client(t)
	pipe := raw.Pipeline()
	for i := range 500 { // an hour and a half ago
		pipe.XAdd(t.Context(), &redis.XAddArgs{Stream: "x", ID: fmt.Sprintf("%d-%d", time.Now().Add(-90*time.Minute).UnixMilli(), i), Values: []any{"t", "a"}})
	}
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	bustest.Publish(t, b, "a", 1)
	if n := raw.XLen(t.Context(), "x").Val(); n > 101 {
		t.Errorf("%d entries are kept, want the old ones gone but for a node", n)
	}
}

func TestForeignEntriesAreSkipped(t *testing.T) {
	s := startServer(t)
	b, raw := s.open(t, "x", bus.Keep{}), s.client(t)
	for _, values := range [][]any{{"k", "v"}, {"t", "a", "b", "{not json"}, {"t", "a", "b", strings.Repeat("1", bus.MaxBody+1)}} {
		prev := "0-0"
		if last, _ := raw.XRevRangeN(t.Context(), "x", "+", "-", 1).Result(); len(last) > 0 {
			prev = last[0].ID
		}
		if err := raw.XAdd(t.Context(), &redis.XAddArgs{Stream: "x", Values: append(values, "p", prev)}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	bustest.Want(t, bustest.Read(t, b, bus.FromOldest), bustest.Publish(t, b, "a", 1))
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	s := startServer(t)
	for _, bad := range []struct {
		url  string
		code shouwang.Code
	}{
		{"http://user:" + password + "@nowhere", shouwang.CodeBadConfig},
		{"redis://:" + password + "@127.0.0.1:1/0", shouwang.CodeStorageAway},
		{fmt.Sprintf("redis://:%sx@127.0.0.1:%d/0", password, s.port), shouwang.CodeStorageAway},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := redisbus.Open(ctx, redisbus.Config{URL: bad.url})
		cancel()
		if shouwang.CodeOf(err) != bad.code || strings.Contains(fmt.Sprint(err), password) {
			t.Errorf("open %s: got %v, want %s without the password", shouwang.RedactURL(bad.url), err, bad.code)
		}
	}
}

func TestCloseEndsReaders(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "x", bus.Keep{})
	r := bustest.Read(t, b, bus.FromNow)
	done := make(chan error, 1)
	go func() { _, err := r.Next(context.Background()); done <- err }()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, bus.ErrClosed) {
		t.Errorf("waiting next: %v", err)
	}
	if _, err := b.Publish(t.Context(), "a", 1); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish: %v", err)
	}
	if _, err := b.Read(t.Context(), []shouwang.Topic{"a"}, bus.FromNow); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}
