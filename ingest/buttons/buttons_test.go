package buttons

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"shouwang"
)

func TestTheTopicNamesTheButton(t *testing.T) {
	l := New(Config{Topic: "a/+/sos"}, Deps{})
	for topic, want := range map[string]shouwang.ButtonID{"a/b-1/sos": "b-1", "a/../sos": "", "a//sos": "", "x/b/sos": "", "a/b/c/sos": ""} {
		if got, err := l.button(topic); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", topic, got, err)
		}
	}
}

func TestSettingsThatCannotWorkAreNamed(t *testing.T) {
	good := Defaults()
	good.Broker = "tcp://127.0.0.1:1883"
	if err := errors.Join(Defaults().Validate(), good.Validate()); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"broker": func(c *Config) { c.Broker = "http://x" }, "password in it": func(c *Config) { c.Broker = "tcp://u:p@x:1" },
		"topic": func(c *Config) { c.Topic = "sos/#" }, "client": func(c *Config) { c.ClientID = "" },
	} {
		c := good
		spoil(&c)
		if err := c.Validate(); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// broker is a real mosquitto that keeps its queue on disk.
type broker struct {
	t    *testing.T
	dir  string
	addr string
	cmd  *exec.Cmd
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("SHOUWANG_CI") != "" {
			t.Fatal("mosquitto is not installed")
		}
		t.Skip("mosquitto is not installed: run make test, which installs it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, dir: t.TempDir(), addr: l.Addr().String()}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nautosave_on_changes true\nautosave_interval 1\n", port, b.dir)
	if os.Geteuid() == 0 {
		conf += "user root\n"
	}
	if err := os.WriteFile(filepath.Join(b.dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start(path)
	t.Cleanup(b.stop)
	return b
}

func (b *broker) start(path string) {
	b.t.Helper()
	b.cmd = exec.Command(path, "-c", filepath.Join(b.dir, "conf"))
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	waitFor(b.t, "the broker listens", func() bool {
		c, err := net.DialTimeout("tcp", b.addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func (b *broker) stop() {
	if b.cmd != nil {
		_ = b.cmd.Process.Signal(syscall.SIGTERM)
		_ = b.cmd.Wait()
	}
}

func (b *broker) restart() {
	path := b.cmd.Path
	b.stop()
	b.start(path)
}

func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	look, end := time.NewTicker(10*time.Millisecond), time.After(30*time.Second)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// desk counts what it was told, by message id, and can be out of order.
type desk struct {
	mu     sync.Mutex
	heard  map[string]int
	broken bool
	tried  int
}

func (d *desk) hear(_ context.Context, s shouwang.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tried++
	if d.broken {
		return errors.New("disk full")
	}
	d.heard[s.ID]++
	return nil
}

func (d *desk) has(id string) bool { d.mu.Lock(); defer d.mu.Unlock(); return d.heard[id] > 0 }
func (d *desk) tries() int         { d.mu.Lock(); defer d.mu.Unlock(); return d.tried }
func (d *desk) breaks(is bool)     { d.mu.Lock(); defer d.mu.Unlock(); d.broken = is }

func admits(_ context.Context, b shouwang.ButtonID, token string) error {
	if token != "t-"+string(b) {
		return shouwang.Errorf(shouwang.CodeUnauthenticated, "wrong token")
	}
	return nil
}

func listen(t *testing.T, b *broker, d *desk) (l *Listener, stop func()) {
	t.Helper()
	cfg := Defaults()
	cfg.Broker = "tcp://" + b.addr
	l = New(cfg, Deps{Hear: d.hear, Admits: admits, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { l.Run(ctx); close(done) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	waitFor(t, "it listens", l.Up)
	return l, stop
}

// publish is a button's side; it returns when the broker has the message.
func publish(t *testing.T, b *broker, button, payload string) {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + b.addr).SetClientID("button-" + button).SetConnectTimeout(5 * time.Second))
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal("button cannot connect", tok.Error())
	}
	if tok := c.Publish("shouwang/sos/"+button, 1, false, payload); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal("button cannot publish", tok.Error())
	}
	c.Disconnect(50)
}

func msg(button, id string) string { return fmt.Sprintf(`{"id":%q,"token":"t-%s"}`, id, button) }

func TestNoPressIsLostWhenEitherSideRestarts(t *testing.T) {
	b, d := startBroker(t), &desk{heard: map[string]int{}}
	_, stop := listen(t, b, d)
	publish(t, b, "b-1", msg("b-1", "1"))
	waitFor(t, "a press arrives", func() bool { return d.has("1") })

	stop() // the service is away, then the broker goes down and comes back
	publish(t, b, "b-1", msg("b-1", "2"))
	b.restart()
	l, stop := listen(t, b, d)
	waitFor(t, "the press of meanwhile arrives", func() bool { return d.has("2") })

	b.restart() // under our feet
	waitFor(t, "it is connected again", l.Up)
	publish(t, b, "b-1", msg("b-1", "3"))
	waitFor(t, "a press after the broker's restart arrives", func() bool { return d.has("3") })
	stop()
}

func TestAPressThatCouldNotBeKeptComesAgainToTheNextProcess(t *testing.T) {
	b, d := startBroker(t), &desk{heard: map[string]int{}, broken: true}
	_, stop := listen(t, b, d)
	publish(t, b, "b-1", msg("b-1", "1"))
	waitFor(t, "it was tried more than once", func() bool { return d.tries() > 1 })
	stop()
	d.breaks(false)
	listen(t, b, d)
	waitFor(t, "it is kept at last", func() bool { return d.has("1") })
}

func TestStrangersUnderTheTopicAreRefusedOnce(t *testing.T) {
	b, d := startBroker(t), &desk{heard: map[string]int{}}
	l, _ := listen(t, b, d)
	publish(t, b, "b-1", `{"id":"1","token":"t-b-2"}`)
	publish(t, b, "b-1", `{"id":`)
	publish(t, b, "b-1", msg("b-1", "good"))
	waitFor(t, "all three are dealt with", func() bool { return l.Refused() == 2 && d.has("good") })
	if l.Heard() != 1 || d.tries() != 1 {
		t.Errorf("heard %d, tried %d", l.Heard(), d.tries())
	}
}
