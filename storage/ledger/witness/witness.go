// Package witness is the outside body's half of the transparency log: it
// remembers the newest checkpoint of each log it knows and cosigns a newer one
// only if a proof shows that nothing before it was changed (C2SP tlog-witness
// and tlog-cosignature). A log that shows two histories finds a witness that
// has seen one of them.
//
// What it remembers is on disk before a cosignature leaves. A witness that lost
// its memory could be led astray, so it refuses to start with a key and without
// its memory.
package witness

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
)

// Config says who the witness is and which logs it watches.
type Config struct {
	// Dir holds the key and the memory; it is made if need be.
	Dir string
	// Name is the witness's own, a host name with a path or without, such as
	// oversight.example.cn/witness. It never changes once the key is made.
	Name string
	// Logs are the public keys of the logs it watches.
	Logs []string
	Log  *slog.Logger // silent when nil
}

// Witness cosigns checkpoints. Its methods may be called from any goroutine.
type Witness struct {
	cfg    Config
	key    string
	signer note.Signer
	logs   map[string]string // public key by origin
	lock   *os.File
	routes http.Handler

	mu   sync.Mutex
	seen map[string]string // the newest cosigned checkpoint by origin
}

// Open reads the key and the memory, or makes both in an empty folder. Errors:
// CodeBadUsage for keys and names that cannot be used, CodeDataUnreadable.
func Open(cfg Config) (*Witness, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w := &Witness{cfg: cfg, logs: map[string]string{}, seen: map[string]string{}}
	if len(cfg.Logs) == 0 {
		return nil, shouwang.Errorf(shouwang.CodeBadUsage, "name the logs to watch: --log-key with the key that the service shows at /api/log/key")
	}
	for _, key := range cfg.Logs {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, shouwang.Errorf(shouwang.CodeBadUsage, "log key %.60q is not a public key: it has the form NAME+HASH+KEY: %w", key, err)
		}
		w.logs[v.Name()] = key
	}
	if err := w.open(); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	w.routes = w.handler()
	return w, nil
}

func (w *Witness) path(name string) string { return filepath.Join(w.cfg.Dir, name) }

func (w *Witness) open() (err error) {
	if err := os.MkdirAll(w.cfg.Dir, 0o700); err != nil {
		return unreadable("make the witness's folder: %w", err)
	}
	if w.lock, err = os.OpenFile(w.path("in-use.lock"), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return unreadable("open the witness's folder: %w", err)
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return unreadable("another witness uses %s: stop it first", w.cfg.Dir)
	}
	private, public, err := checkpoint.ReadKey(w.path("witness.key"))
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		private, public, err = w.begin()
	}
	if err != nil {
		return unreadable("read the witness's key: %w", err)
	}
	if err := w.use(private, public); err != nil {
		return err
	}
	return w.recall()
}

// begin makes the memory first and the key last: a key says that there is a
// memory.
func (w *Witness) begin() (private, public string, err error) {
	if w.cfg.Name == "" {
		return "", "", errors.New("there is none yet, so say --name: who the witness is, such as oversight.example.cn/witness")
	}
	if err := checkpoint.WriteSynced(w.path("seen.json"), "{}\n", 0o600); err != nil {
		return "", "", err
	}
	if err := checkpoint.MakeKey(w.path("witness.key"), w.cfg.Name); err != nil {
		return "", "", err
	}
	return checkpoint.ReadKey(w.path("witness.key"))
}

func (w *Witness) use(private, public string) (err error) {
	signer, err := fnote.NewSignerForCosignatureV1(private)
	if err != nil {
		return unreadable("the witness's key %s is not readable: %w", w.path("witness.key"), err)
	}
	if w.cfg.Name != "" && signer.Name() != w.cfg.Name {
		return shouwang.Errorf(shouwang.CodeBadUsage, "the witness in %s is called %s, not %s: use another folder for another witness", w.cfg.Dir, signer.Name(), w.cfg.Name)
	}
	w.signer = signer
	w.key, err = fnote.VKeyToCosignatureV1(public)
	if err != nil {
		return unreadable("the witness's public key is not readable: %w", err)
	}
	return nil
}

// recall reads the memory and verifies it.
func (w *Witness) recall() error {
	raw, err := os.ReadFile(w.path("seen.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return unreadable("%s is missing: without it this witness does not know what it has cosigned and could be led astray; restore it, or begin anew in another folder under a new key", w.path("seen.json"))
	}
	if err == nil {
		err = json.Unmarshal(raw, &w.seen)
	}
	if err != nil {
		return unreadable("read what the witness has seen: %w", err)
	}
	for origin, cp := range w.seen {
		if key, ok := w.logs[origin]; ok {
			if _, err := w.open1(cp, key); err != nil {
				return unreadable("what the witness remembers of %s does not verify: restore %s: %w", origin, w.path("seen.json"), err)
			}
		}
	}
	return nil
}

func (w *Witness) open1(raw, key string) (checkpoint.Checkpoint, error) {
	return checkpoint.Open(raw, checkpoint.Trust{Key: key})
}

// Key returns the public key, to be given to whoever verifies.
func (w *Witness) Key() string { return w.key }

// Name returns the witness's name.
func (w *Witness) Name() string { return w.signer.Name() }

// Seen returns the newest checkpoint cosigned of a log, "" before the first.
func (w *Witness) Seen(origin string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[origin]
}

// Close gives the folder back.
func (w *Witness) Close() error {
	if w.lock == nil {
		return nil
	}
	return w.lock.Close()
}

func unreadable(format string, args ...any) error {
	return shouwang.Errorf(shouwang.CodeDataUnreadable, format, args...)
}
