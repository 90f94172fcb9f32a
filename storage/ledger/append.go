package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shouwang/policy"
)

const (
	// maxBatch is how many entries share one commit.
	maxBatch = 512
	// maxEntry bounds one entry's clear line, in bytes.
	maxEntry  = 64 << 10
	saltBytes = 32
)

var (
	errClosed = errors.New("the access log is closed")
	errBehind = errors.New("the Merkle log is behind")
)

// pending is an entry that waits to be durable.
type pending struct {
	at     int64
	tag    []byte // the camera's
	key    int64
	kind   string
	leaf   []byte
	sealed []byte
	done   chan result
}

type result struct {
	seq uint64
	err error
}

// Append writes the entry and returns its number, from 0 without a hole, once
// it is durable: the package comment is the promise. Every error has code
// audit_unavailable and means that nothing may be shown; when ctx ended first,
// the entry may be there all the same.
func (l *Ledger) Append(ctx context.Context, e policy.Entry) (index uint64, err error) {
	if why := l.failing.Load(); why != nil {
		return 0, unavailable(*why)
	}
	if l.backlog() >= int64(l.cfg.MaxBacklog) {
		return 0, unavailable(errBehind)
	}
	p, err := l.prepare(ctx, e)
	if err != nil {
		return 0, unavailable(err)
	}
	if err := l.enqueue(ctx, p); err != nil {
		return 0, unavailable(err)
	}
	select {
	case r := <-p.done:
		if r.err != nil {
			return 0, unavailable(r.err)
		}
		return r.seq, nil
	case <-ctx.Done():
		return 0, unavailable(ctx.Err())
	}
}

func (l *Ledger) enqueue(ctx context.Context, p *pending) error {
	l.writing.RLock()
	defer l.writing.RUnlock()
	if l.closed {
		return errClosed
	}
	select {
	case l.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prepare makes the commitment and seals the clear line.
func (l *Ledger) prepare(ctx context.Context, e policy.Entry) (*pending, error) {
	line, err := canonical(e)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	leaf := Commitment(salt, line)
	tag := l.box.Tag("camera " + e.Camera)
	key, err := l.keys.get(ctx, tag, monthOf(e.At))
	if err != nil {
		return nil, err
	}
	return &pending{
		at: e.At.UnixMilli(), tag: tag, key: key.id, kind: e.Kind, leaf: leaf,
		sealed: key.aead.Seal(nil, nil, append(salt, line...), leaf), done: make(chan result, 1),
	}, nil
}

// monthOf numbers the months, so that a key's life is a month of UTC.
func monthOf(t time.Time) int {
	t = t.UTC()
	return t.Year()*12 + int(t.Month()) - 1
}

// canonical writes an entry as JSON with sorted keys and no blanks, times in
// UTC: the bytes that the commitment is over.
func canonical(e policy.Entry) ([]byte, error) {
	e.At, e.From, e.To = e.At.UTC(), e.From.UTC(), e.To.UTC()
	raw, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	var plain map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&plain); err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	line := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if len(line) > maxEntry {
		return nil, fmt.Errorf("write entry: %d bytes, at most %d fit", len(line), maxEntry)
	}
	return line, nil
}

// Commitment is the leaf that stands in the public log for a clear line:
// SHA-256 of "shouwang audit leaf v1\n", the salt of 32 bytes and the line.
func Commitment(salt, line []byte) []byte {
	h := sha256.New()
	_, _ = h.Write([]byte("shouwang audit leaf v1\n"))
	_, _ = h.Write(salt)
	_, _ = h.Write(line)
	return h.Sum(nil)
}

// write is the front's only writer: it takes whatever waits, commits it as one
// and only then answers.
func (l *Ledger) write() {
	for first := range l.queue {
		batch := l.gather(first)
		seq, err := l.commit(batch)
		l.took(err)
		for i, p := range batch {
			p.done <- result{seq: seq + uint64(i), err: err}
		}
		if err == nil {
			l.kept.Add(int64(len(batch)))
			l.wake()
		}
	}
}

// gather adds to the first entry what waits already. It does not wait for more:
// a commit takes long enough to fill the next batch when it is busy.
func (l *Ledger) gather(first *pending) []*pending {
	batch := []*pending{first}
	for len(batch) < maxBatch {
		select {
		case p, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// commit writes the batch and returns the first one's number. The numbers are
// taken in the transaction, so a failed one leaves no hole.
func (l *Ledger) commit(batch []*pending) (first uint64, err error) {
	// Accepted entries are written even while closing: no context of a caller.
	ctx := context.Background()
	tx, err := l.db.writer.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq) + 1, 0) FROM entries`).Scan(&first); err != nil {
		return 0, err
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO entries (seq, at, camera, key, kind, leaf, sealed) VALUES (?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = insert.Close() }()
	for i, p := range batch {
		if _, err := insert.ExecContext(ctx, first+uint64(i), p.at, p.tag, p.key, p.kind, p.leaf, p.sealed); err != nil {
			return 0, err
		}
	}
	return first, tx.Commit()
}

// wake tells the feeder that there is work.
func (l *Ledger) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// trialBytes is more than an entry and its places in the indexes take. They are
// random: SQLite writes no page that stays as it was.
const trialBytes = 32 << 10

// Try reports whether the log takes entries now, without adding one: it writes
// as much as an entry needs to the same disk, durably. The error has code
// audit_unavailable.
func (l *Ledger) Try(ctx context.Context) error {
	_, err := l.db.writer.ExecContext(ctx, `INSERT INTO trial (id, at, filler) VALUES (1, ?, randomblob(?))
		ON CONFLICT (id) DO UPDATE SET at = excluded.at, filler = excluded.filler`, time.Now().UnixMilli(), trialBytes)
	l.took(err)
	why := l.failing.Load()
	switch {
	case err != nil:
		return unavailable(err)
	case why != nil:
		return unavailable(*why)
	case l.backlog() >= int64(l.cfg.MaxBacklog):
		return unavailable(errBehind)
	}
	return nil
}

// took notes whether the front took what was written.
func (l *Ledger) took(err error) {
	if err == nil {
		if l.refusing.Swap(nil) != nil {
			l.cfg.Log.Info("the access log can be written again")
		}
		return
	}
	if l.refusing.Swap(&err) == nil {
		l.cfg.Log.Error("the access log cannot be written, nothing may be shown until it can", "err", err)
	}
}
