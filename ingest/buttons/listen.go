// Package buttons listens to call buttons (SOS) over MQTT. It hands each
// message on, and acknowledges it only when who took it says that it is
// durable: with QoS 1 and a session that the broker keeps, a press outlives a
// restart of this service, of the broker and of the network between.
package buttons

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"shouwang"
)

// Config says which broker is listened to.
type Config struct {
	// Broker is tcp://HOST:1883 or ssl://HOST:8883; empty listens to none.
	Broker string `yaml:"broker"`
	// Topic is where buttons publish; its + stands for the button's id.
	Topic    string `yaml:"topic"`
	ClientID string `yaml:"client_id"`
	User     string `yaml:"user"`
	Password string `yaml:"password"`
	// TrustBroker takes messages without a button's token: the broker itself
	// then has to let each device publish under its own topic only.
	TrustBroker bool `yaml:"trust_broker"`
	// IncidentMinutes is for how long a press opens an incident by itself, over
	// MQTT and HTTP alike; 0 leaves that to a dispatcher.
	IncidentMinutes int `yaml:"incident_minutes"`
}

// Defaults listens to no broker.
func Defaults() Config {
	return Config{Topic: "shouwang/sos/+", ClientID: "shouwang-sos"}
}

// Validate returns the first setting that cannot work, with CodeBadConfig.
func (c Config) Validate() error {
	bad := func(format string, args ...any) error {
		return shouwang.Errorf(shouwang.CodeBadConfig, "buttons: "+format, args...)
	}
	if c.IncidentMinutes < 0 || c.IncidentMinutes > 240 {
		return bad("incident_minutes %d: write 0 (a dispatcher opens it) to 240", c.IncidentMinutes)
	}
	if c.Broker == "" {
		return nil
	}
	u, err := url.Parse(c.Broker)
	if err != nil || u.Host == "" || u.User != nil || !strings.Contains(" tcp ssl mqtt mqtts ws wss ", " "+u.Scheme+" ") {
		return bad("broker: write tcp://HOST:1883 or ssl://HOST:8883, the user and password beside it")
	}
	if strings.Count(c.Topic, "+") != 1 || strings.Contains(c.Topic, "#") || strings.HasPrefix(c.Topic, "$") {
		return bad("topic %q: write one + where the button's id stands, as shouwang/sos/+", c.Topic)
	}
	if c.ClientID == "" {
		return bad("client_id is empty: the broker keeps messages for it while we are away")
	}
	return nil
}

// Deps is what the listener needs of its neighbours. Hear returns nil when the
// signal is durable. Admits says whether a token is the button's.
type Deps struct {
	Hear   func(ctx context.Context, s shouwang.Signal) error
	Admits func(ctx context.Context, button shouwang.ButtonID, token string) error
	Clock  func() time.Time
	Log    *slog.Logger
}

// Listener is the connection to the broker: New, then Run.
type Listener struct {
	cfg     Config
	deps    Deps
	up      atomic.Bool
	heard   atomic.Uint64
	refused atomic.Uint64
}

// New returns a listener that does nothing yet.
func New(cfg Config, deps Deps) *Listener { return &Listener{cfg: cfg, deps: deps} }

// Up reports whether the broker is reached and subscribed to now; Heard how
// many messages were taken, Refused how many were none of a known button.
func (l *Listener) Up() bool        { return l.up.Load() }
func (l *Listener) Heard() uint64   { return l.heard.Load() }
func (l *Listener) Refused() uint64 { return l.refused.Load() }

// quiesce is how long a disconnect waits for acknowledgements under way.
const quiesce = 250 // ms, as the library counts

// Run listens until ctx ends, connecting anew for as long as it takes.
func (l *Listener) Run(ctx context.Context) {
	if l.cfg.Broker == "" {
		return
	}
	opts := mqtt.NewClientOptions().AddBroker(l.cfg.Broker).SetClientID(l.cfg.ClientID).
		SetUsername(l.cfg.User).SetPassword(l.cfg.Password).
		// The broker keeps what comes while we are away, and hears of each
		// message that it is kept, not that it arrived.
		SetCleanSession(false).SetAutoAckDisabled(true).SetResumeSubs(true).
		// Each message in a goroutine of its own, which may wait for the disk; the
		// broker sends no more than its window of unacknowledged ones.
		SetOrderMatters(false).
		SetConnectRetry(true).SetConnectRetryInterval(2 * time.Second).SetMaxReconnectInterval(5 * time.Second).
		SetKeepAlive(20 * time.Second).SetPingTimeout(8 * time.Second).SetConnectTimeout(8 * time.Second)
	take := func(_ mqtt.Client, m mqtt.Message) { l.take(ctx, m) }
	// What the broker kept may come before we subscribed again.
	opts.SetDefaultPublishHandler(take)
	opts.SetOnConnectHandler(func(c mqtt.Client) {
		t := c.Subscribe(l.cfg.Topic, 1, take)
		t.Wait()
		if err := subscribed(t, l.cfg.Topic); err != nil {
			l.deps.Log.Error("the broker does not let us hear the call buttons", "topic", l.cfg.Topic, "error", err)
			return
		}
		l.up.Store(true)
		l.deps.Log.Info("listening to call buttons", "broker", l.cfg.Broker, "topic", l.cfg.Topic)
	})
	opts.SetConnectionLostHandler(func(_ mqtt.Client, err error) {
		l.up.Store(false)
		l.deps.Log.Error("the broker of the call buttons is away; connecting again", "broker", l.cfg.Broker, "error", err)
	})
	client := mqtt.NewClient(opts)
	client.Connect()
	<-ctx.Done()
	client.Disconnect(quiesce)
	l.up.Store(false)
}

// subscribed looks at what the broker granted: 0x80 is a refusal.
func subscribed(t mqtt.Token, topic string) error {
	if err := t.Error(); err != nil {
		return err
	}
	if s, ok := t.(*mqtt.SubscribeToken); ok && s.Result()[topic] > 2 {
		return fmt.Errorf("subscription refused: mend the broker's access list")
	}
	return nil
}

// take hands one message on until it is kept. A message that can never be kept
// is acknowledged too, or it would come again for ever; the log says why.
func (l *Listener) take(ctx context.Context, m mqtt.Message) {
	s, err := l.read(ctx, m.Topic(), m.Payload())
	for wait := 100 * time.Millisecond; err == nil; wait = min(2*wait, 5*time.Second) {
		if err = l.deps.Hear(ctx, s); err == nil {
			l.heard.Add(1)
			m.Ack()
			return
		}
		if code := shouwang.CodeOf(err); code == shouwang.CodeNotFound || code == shouwang.CodeBadUsage {
			break
		}
		l.deps.Log.Error("a call button's message could not be kept; trying again", "button", s.Button, "error", err)
		err = nil
		select {
		case <-ctx.Done():
			return // not acknowledged: the broker brings it again
		case <-time.After(wait):
		}
	}
	if ctx.Err() != nil {
		return
	}
	l.refused.Add(1)
	l.deps.Log.Warn("a message under the call buttons' topic was refused", "topic", clip(m.Topic()), "error", err)
	m.Ack()
}

func (l *Listener) read(ctx context.Context, topic string, payload []byte) (shouwang.Signal, error) {
	button, err := l.button(topic)
	if err != nil {
		return shouwang.Signal{}, err
	}
	m, err := shouwang.ParseSignal(payload)
	if err != nil {
		return shouwang.Signal{}, err
	}
	for !l.cfg.TrustBroker {
		err := l.deps.Admits(ctx, button, m.Token)
		if err == nil {
			break
		}
		if shouwang.CodeOf(err) == shouwang.CodeUnauthenticated || ctx.Err() != nil {
			return shouwang.Signal{}, err
		}
		select { // the desk cannot be read just now: a press is not refused for that
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return m.Signal(button, l.deps.Clock(), "mqtt"), nil
}

// button finds the id where the topic filter has its +.
func (l *Listener) button(topic string) (shouwang.ButtonID, error) {
	before, after, _ := strings.Cut(l.cfg.Topic, "+")
	id, ok := strings.CutPrefix(topic, before)
	if ok {
		id, ok = strings.CutSuffix(id, after)
	}
	if button := shouwang.ButtonID(id); ok && button.Valid() {
		return button, nil
	}
	return "", shouwang.Errorf(shouwang.CodeBadUsage, "no button's id stands in topic %q", clip(topic))
}

func clip(s string) string { return s[:min(len(s), 80)] }
