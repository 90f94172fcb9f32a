package redisbus

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"shouwang"
	"shouwang/storage/bus"
)

const (
	batchSize = 64
	// block is how long one XREAD waits; a lost stream is noticed that late.
	block      = 2 * time.Second
	backoffMin = 50 * time.Millisecond
	backoffMax = 2 * time.Second
)

// batch is what the pump hands over: messages, or the news that the log it was
// reading is gone.
type batch struct {
	entries []redis.XMessage
	lost    bool
}

// reader reads the stream through a connection of its own, so that closing it
// interrupts a blocked read and no reader waits for another's.
type reader struct {
	bus    *Bus
	client *redis.Client
	topics bus.Topics
	in     chan batch
	ctx    context.Context
	cancel context.CancelFunc
	pumped sync.WaitGroup

	// Below belongs to the caller of Next.
	queue   []redis.XMessage
	seen    bus.ID // the last entry looked at, of any topic
	chained bool   // whether the next entry must name seen as its predecessor
	missed  bool
}

// Read implements bus.Bus. Each reader holds one connection and one goroutine,
// and at most three batches of 64 messages.
func (b *Bus) Read(ctx context.Context, topics []shouwang.Topic, after string) (shouwang.MessageReader, error) {
	set, err := bus.NewTopics(topics)
	if err != nil {
		return nil, err
	}
	if b.life.Err() != nil {
		return nil, bus.ErrClosed
	}
	r := &reader{bus: b, topics: set, in: make(chan batch)}
	if err := r.start(ctx, after); err != nil {
		return nil, err
	}
	options := *b.options
	options.PoolSize, options.MaxIdleConns = 1, 1
	r.client = redis.NewClient(&options)
	r.ctx, r.cancel = context.WithCancel(b.life)
	context.AfterFunc(r.ctx, func() { _ = r.client.Close() })
	r.pumped.Go(func() { r.pump(r.seen) })
	b.readers.Go(r.pumped.Wait)
	return r, nil
}

// start fixes where to begin.
func (r *reader) start(ctx context.Context, after string) error {
	if after == bus.FromOldest {
		return nil
	}
	var id bus.ID
	if after != bus.FromNow {
		var err error
		if id, err = bus.ParseID(after); err != nil {
			return err
		}
	}
	last, err := newest(ctx, r.bus.client, r.bus.cfg.Stream)
	if err != nil {
		return r.bus.away("read", err)
	}
	switch {
	case after == bus.FromNow:
		r.seen, r.chained = last, true
	case last.Less(id):
		r.missed = true // the log that gave this ID is gone
	default:
		r.seen, r.chained = id, true
	}
	return nil
}

// pump reads ahead by one batch until the reader is closed. It outlives the
// server: it tries again with growing pauses.
func (r *reader) pump(at bus.ID) {
	pause := backoffMin
	for r.ctx.Err() == nil {
		got, err := r.fetch(at)
		if err != nil {
			if r.ctx.Err() == nil && pause == backoffMin {
				r.bus.cfg.Log.Warn("bus reader lost its server, trying again", "addr", r.bus.options.Addr, "err", err)
			}
			r.sleep(pause/2 + rand.N(pause/2))
			pause = min(2*pause, backoffMax)
			continue
		}
		pause = backoffMin
		if got.lost {
			at = bus.ID{}
		} else if n := len(got.entries); n > 0 {
			at, _ = bus.ParseID(got.entries[n-1].ID)
		} else {
			continue
		}
		select {
		case r.in <- got:
		case <-r.ctx.Done():
		}
	}
}

// fetch waits for entries after at. When none come it looks whether the stream
// still is the one it read: a flushed or restarted server counts anew, maybe
// from lower IDs, and would never wake us.
func (r *reader) fetch(at bus.ID) (batch, error) {
	res, err := r.client.XRead(r.ctx, &redis.XReadArgs{
		Streams: []string{r.bus.cfg.Stream, at.String()}, Count: batchSize, Block: block,
	}).Result()
	if err == nil && len(res) > 0 {
		return batch{entries: res[0].Messages}, nil
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return batch{}, err
	}
	last, err := newest(r.ctx, r.client, r.bus.cfg.Stream)
	if err != nil {
		return batch{}, err
	}
	return batch{lost: last.Less(at)}, nil
}

func (r *reader) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.ctx.Done():
	}
}

// Next implements shouwang.MessageReader.
func (r *reader) Next(ctx context.Context) (shouwang.Message, error) {
	for {
		if r.ctx.Err() != nil {
			return shouwang.Message{}, bus.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return shouwang.Message{}, err
		}
		if r.missed {
			r.missed, r.chained = false, false
			return shouwang.Message{}, shouwang.ErrMissed
		}
		if len(r.queue) == 0 {
			r.wait(ctx)
			continue
		}
		if msg, ok := r.take(); ok {
			return msg, nil
		}
	}
}

func (r *reader) wait(ctx context.Context) {
	select {
	case got := <-r.in:
		r.queue, r.missed = got.entries, r.missed || got.lost
	case <-ctx.Done():
	case <-r.ctx.Done():
	}
}

// take looks at the first entry of the queue. It leaves it there when messages
// are missing before it, and skips other topics and what is not a message.
func (r *reader) take() (shouwang.Message, bool) {
	entry := r.queue[0]
	field := func(name string) string { s, _ := entry.Values[name].(string); return s }
	if r.chained && field("p") != r.seen.String() {
		r.missed = true
		return shouwang.Message{}, false
	}
	r.queue = r.queue[1:]
	r.seen, _ = bus.ParseID(entry.ID)
	r.chained = true
	msg := shouwang.Message{ID: entry.ID, Topic: shouwang.Topic(field("t")), Body: json.RawMessage(field("b"))}
	if !r.topics[msg.Topic] || len(msg.Body) > bus.MaxBody || !json.Valid(msg.Body) {
		return shouwang.Message{}, false
	}
	msg.At, _ = time.Parse(time.RFC3339Nano, field("a"))
	return msg, true
}

// Close implements shouwang.MessageReader; it returns when the reader's
// goroutine has ended.
func (r *reader) Close() error {
	r.cancel()
	r.pumped.Wait()
	return nil
}
