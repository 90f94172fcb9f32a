// Package bus carries events, camera states and consent changes between the
// rooms of one process and, through Redis Streams (package redisbus), between
// processes.
//
// # Contract
//
// A bus is one log over all topics: every message has an ID larger than that
// of every message published before it, whatever the topic. So one string, the
// last ID a reader saw, is its whole cursor (it is what server-sent events send
// back as Last-Event-ID), and a reader of two topics sees them in the order
// they happened.
//
// The log is bounded in count, age and, in process, bytes. A reader has no
// queue of its own: it walks the log, so a slow one costs no memory. When what
// it should read next has been dropped, it is told so once with
// shouwang.ErrMissed and goes on at the oldest message kept. A cursor from
// another life of the log (a restart, a flushed server) counts as missed.
//
// Delivery is at least once for who resumes from the last ID handled. A
// Publish that returns an error may still have happened.
package bus

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"shouwang"
)

// Where a reader may start, besides after an ID it saw.
const (
	// FromNow reads what is published after Read returned.
	FromNow = ""
	// FromOldest reads everything that is still kept, without ErrMissed for
	// what is not.
	FromOldest = "0"
)

// MaxBody bounds one message's JSON, in bytes.
const MaxBody = 256 << 10

// ErrClosed is what a closed bus or reader answers.
var ErrClosed = errors.New("bus is closed")

// Bus publishes and reads messages; the package comment is its contract.
type Bus interface {
	// Publish appends body, as JSON of at most MaxBody bytes, to the topic and
	// returns the message's ID.
	Publish(ctx context.Context, topic shouwang.Topic, body any) (id string, err error)
	// Read returns a reader of the topics that starts after the ID given, or at
	// FromNow or FromOldest. The starting point is fixed when Read returns. An
	// ID that no bus could have given is an error with CodeBadUsage.
	Read(ctx context.Context, topics []shouwang.Topic, after string) (shouwang.MessageReader, error)
}

// Keep bounds the history; whichever bound is reached first drops the oldest.
type Keep struct {
	Count int           // messages; 10,000 when zero
	Age   time.Duration // 24 h when zero
	Bytes int           // of bodies, in process only; 64 MiB when zero
}

// WithDefaults returns k with its zero fields set to the defaults above.
func (k Keep) WithDefaults() Keep {
	if k.Count <= 0 {
		k.Count = 10_000
	}
	if k.Age <= 0 {
		k.Age = 24 * time.Hour
	}
	if k.Bytes <= 0 {
		k.Bytes = 64 << 20
	}
	return k
}

// Encode turns a body into the JSON that travels, for adapters. It refuses an
// empty topic and a body above MaxBody.
func Encode(topic shouwang.Topic, body any) (json.RawMessage, error) {
	if topic == "" {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "publish message: the topic is empty")
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "publish on %s: %w", topic, err)
	}
	if len(raw) > MaxBody {
		return nil, shouwang.Errorf(shouwang.CodeTooLarge,
			"publish on %s: the message has %d bytes, at most %d may travel", topic, len(raw), MaxBody)
	}
	return raw, nil
}

// Topics is the set of topics a reader asked for.
type Topics map[shouwang.Topic]bool

// NewTopics makes the set, for adapters; none at all is a mistake of the
// caller.
func NewTopics(list []shouwang.Topic) (Topics, error) {
	set := make(Topics, len(list))
	for _, t := range list {
		set[t] = true
	}
	if len(set) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "read messages: no topic was asked for")
	}
	return set, nil
}
