package witness_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"shouwang"
	"shouwang/storage/ledger/checkpoint"
	"shouwang/storage/ledger/witness"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// testLog is a log in memory that its operator can do anything with.
type testLog struct {
	t      testing.TB
	key    string
	signer note.Signer
	leaves []string
	hashes []tlog.Hash
}

func newLog(t testing.TB, name string) *testLog {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	must(t, err)
	signer, err := note.NewSigner(private)
	must(t, err)
	return &testLog{t: t, key: public, signer: signer}
}

func (l *testLog) grow(n int, what string) *testLog {
	for range n {
		leaf := fmt.Sprint(what, len(l.leaves))
		h, err := tlog.StoredHashes(int64(len(l.leaves)), []byte(leaf), l)
		must(l.t, err)
		l.hashes, l.leaves = append(l.hashes, h...), append(l.leaves, leaf)
	}
	return l
}

// fork is the same log to here, going on by itself.
func (l *testLog) fork() *testLog {
	other := *l
	other.leaves, other.hashes = l.leaves[:len(l.leaves):len(l.leaves)], l.hashes[:len(l.hashes):len(l.hashes)]
	return &other
}

func (l *testLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, n := range indexes {
		out[i] = l.hashes[n]
	}
	return out, nil
}

func (l *testLog) checkpoint() string { return l.at(len(l.leaves)) }

func (l *testLog) at(size int) string {
	root := tlog.Hash(sha256.Sum256(nil)) // of nothing
	if size > 0 {
		var err error
		root, err = tlog.TreeHash(int64(size), l)
		must(l.t, err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", l.signer.Name(), size, base64.StdEncoding.EncodeToString(root[:]))
	raw, err := note.Sign(&note.Note{Text: text}, l.signer)
	must(l.t, err)
	return string(raw)
}

// body is a whole add-checkpoint request from size old to the newest.
func (l *testLog) body(old int) string {
	b := fmt.Sprintf("old %d\n", old)
	if old > 0 && old < len(l.leaves) {
		proof, err := tlog.ProveTree(int64(len(l.leaves)), int64(old), l)
		must(l.t, err)
		for _, h := range proof {
			b += base64.StdEncoding.EncodeToString(h[:]) + "\n"
		}
	}
	return b + "\n" + l.checkpoint()
}

func openWitness(t *testing.T, dir, name string, keys ...string) *witness.Witness {
	t.Helper()
	w, err := witness.Open(witness.Config{Dir: dir, Name: name, Logs: keys})
	must(t, err)
	t.Cleanup(func() { _ = w.Close() })
	return w
}

// post asks over HTTP as any log would.
func post(t *testing.T, w http.Handler, body string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
	return rec
}

func wantStatus(t *testing.T, what string, rec *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if rec.Code != status || !strings.Contains(rec.Body.String(), body) {
		t.Errorf("%s: %d %q, want %d and %q", what, rec.Code, rec.Body, status, body)
	}
}

// Every answer of C2SP tlog-witness, in the order of its text.
func TestProtocol(t *testing.T) {
	l, other := newLog(t, "shouwang.log"), newLog(t, "other.log")
	w := openWitness(t, t.TempDir(), "oversight.example.cn/w", l.key)
	forged := newLog(t, "shouwang.log").grow(3, "x")

	wantStatus(t, "unknown log", post(t, w, other.body(0)), http.StatusNotFound, "does not watch")
	wantStatus(t, "another key", post(t, w, forged.body(0)), http.StatusForbidden, "not signed")
	l.grow(5, "a")
	wantStatus(t, "old larger", post(t, w, "old 6\n\n"+l.checkpoint()), http.StatusBadRequest, "larger")
	rec := post(t, w, l.body(5))
	wantStatus(t, "never seen", rec, http.StatusConflict, "0\n")
	if got := rec.Header().Get("Content-Type"); got != "text/x.tlog.size" || rec.Body.String() != "0\n" {
		t.Errorf("a conflict is told as %q %q", got, rec.Body)
	}
	rec = post(t, w, l.body(0))
	wantStatus(t, "first", rec, http.StatusOK, "— oversight.example.cn/w ")
	cp, err := checkpoint.Open(l.checkpoint()+rec.Body.String(), checkpoint.Trust{Key: l.key, Witnesses: []string{w.Key()}, Quorum: 1})
	if err != nil || cp.Size != 5 || cp.Cosigned[0].Name != "oversight.example.cn/w" || cp.Cosigned[0].At.IsZero() {
		t.Errorf("cosigned: %+v, %v", cp, err)
	}
	wantStatus(t, "the same again", post(t, w, l.body(5)), http.StatusOK, "— ")
	split := l.fork().grow(7, "b")
	l.grow(4, "a")
	wantStatus(t, "stale", post(t, w, l.body(3)), http.StatusConflict, "5\n")
	wantStatus(t, "no proof", post(t, w, "old 5\n\n"+l.checkpoint()), http.StatusUnprocessableEntity, "does not show")
	wantStatus(t, "grown", post(t, w, l.body(5)), http.StatusOK, "— ")
	wantStatus(t, "a fork", post(t, w, split.body(5)), http.StatusConflict, "9\n")
	wantStatus(t, "a fork that knows the size", post(t, w, split.body(9)), http.StatusUnprocessableEntity, "does not show")
	short := l.fork()
	short.leaves, short.hashes = short.leaves[:5], short.hashes[:8]
	wantStatus(t, "rollback", post(t, w, short.body(5)), http.StatusConflict, "9\n")
	wantStatus(t, "rollback that knows the size", post(t, w, "old 9\n\n"+l.at(5)), http.StatusBadRequest, "larger")
}

// Two logs under one key and of one size, and a witness that has seen one.
func TestSplitViewIsRefusedAndKept(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, "shouwang.log").grow(6, "a")
	w := openWitness(t, dir, "w.example", l.key)
	split := l.fork().grow(3, "b")
	l.grow(3, "a")
	wantStatus(t, "one", post(t, w, l.body(0)), http.StatusOK, "— ")
	wantStatus(t, "the other", post(t, w, split.body(9)), http.StatusConflict, "another log of the same size")
	raw, err := os.ReadFile(filepath.Join(dir, "refused.json"))
	must(t, err)
	for _, cp := range []string{l.checkpoint(), split.checkpoint()} {
		if root := strings.Split(cp, "\n")[2]; !strings.Contains(string(raw), root) {
			t.Errorf("the evidence does not hold the root %s: %s", root, raw)
		}
	}
	if cp, err := checkpoint.Open(w.Seen("shouwang.log"), checkpoint.Trust{Key: l.key}); err != nil || cp.Raw == "" || !strings.HasPrefix(w.Seen("shouwang.log"), strings.Split(l.checkpoint(), "\n\n")[0]) {
		t.Errorf("the witness remembers %q, %v", w.Seen("shouwang.log"), err)
	}
}

func TestMemoryOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, "shouwang.log").grow(4, "a")
	w := openWitness(t, dir, "w.example", l.key)
	key := w.Key()
	wantStatus(t, "first", post(t, w, l.body(0)), http.StatusOK, "— ")
	if _, err := witness.Open(witness.Config{Dir: dir, Logs: []string{l.key}}); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
		t.Errorf("two witnesses on one folder: %v", err)
	}
	must(t, w.Close())
	w = openWitness(t, dir, "", l.key) // the name stands in the key
	if w.Key() != key || w.Name() != "w.example" {
		t.Errorf("the key became %s", w.Key())
	}
	split := l.fork().grow(1, "b")
	wantStatus(t, "as if new", post(t, w, split.body(0)), http.StatusConflict, "4\n")
	must(t, w.Close())

	for what, spoil := range map[string]func(){
		"memory lost": func() { must(t, os.Rename(filepath.Join(dir, "seen.json"), filepath.Join(dir, "away"))) },
		"memory edited": func() {
			must(t, os.WriteFile(filepath.Join(dir, "seen.json"), []byte(`{"shouwang.log": "shouwang.log\n9\n"}`), 0o600))
		},
		"memory garbage": func() { must(t, os.WriteFile(filepath.Join(dir, "seen.json"), []byte(`{`), 0o600)) },
	} {
		spoil()
		if _, err := witness.Open(witness.Config{Dir: dir, Logs: []string{l.key}}); shouwang.CodeOf(err) != shouwang.CodeDataUnreadable {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := witness.Open(witness.Config{Dir: t.TempDir(), Logs: []string{l.key}}); err == nil || !strings.Contains(err.Error(), "--name") {
		t.Errorf("a witness without a name: %v", err)
	}
	if _, err := witness.Open(witness.Config{Dir: t.TempDir(), Name: "w", Logs: []string{"nonsense"}}); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("a key that is none: %v", err)
	}
}

// A disk that cannot be written: nothing is signed that is not remembered.
func TestNothingIsSignedThatIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	l := newLog(t, "shouwang.log").grow(4, "a")
	w := openWitness(t, dir, "w.example", l.key)
	must(t, os.Mkdir(filepath.Join(dir, "seen.json.new"), 0o700)) // where the new memory would be written
	wantStatus(t, "full disk", post(t, w, l.body(0)), http.StatusInternalServerError, "does not sign")
	if w.Seen("shouwang.log") != "" {
		t.Error("what was not written is remembered")
	}
	must(t, os.Remove(filepath.Join(dir, "seen.json.new")))
	wantStatus(t, "mended", post(t, w, l.body(0)), http.StatusOK, "— ")
}

// Two histories at the same moment: one of them is cosigned.
func TestRaceOfTwoHistories(t *testing.T) {
	l := newLog(t, "shouwang.log").grow(4, "a")
	w := openWitness(t, t.TempDir(), "w.example", l.key)
	bodies := []string{}
	for i := range 8 {
		bodies = append(bodies, l.fork().grow(3, fmt.Sprint("branch ", i, " ")).body(0))
	}
	var mu sync.Mutex
	signed := 0
	var wg sync.WaitGroup
	for _, b := range bodies {
		wg.Go(func() {
			if rec := post(t, w, b); rec.Code == http.StatusOK {
				mu.Lock()
				signed++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if signed != 1 {
		t.Errorf("%d histories were cosigned", signed)
	}
}

func TestAnybodyMayCompare(t *testing.T) {
	l := newLog(t, "shouwang.log").grow(2, "a")
	w := openWitness(t, t.TempDir(), "w.example", l.key)
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return rec
	}
	wantStatus(t, "nothing seen", get("/checkpoint/"+witness.LogID("shouwang.log")), http.StatusNotFound, "nothing")
	post(t, w, l.body(0))
	rec := get("/checkpoint/" + witness.LogID("shouwang.log"))
	if _, err := checkpoint.Open(rec.Body.String(), checkpoint.Trust{Key: l.key, Witnesses: []string{w.Key()}, Quorum: 1}); err != nil {
		t.Errorf("%d %s: %v", rec.Code, rec.Body, err)
	}
	wantStatus(t, "about", get("/"), http.StatusOK, w.Key())
	wantStatus(t, "another log", get("/checkpoint/00"), http.StatusNotFound, "")
}

// FuzzAddCheckpoint feeds the witness hostile requests: it answers, and signs
// nothing but the two checkpoints there are.
func FuzzAddCheckpoint(f *testing.F) {
	l := newLog(f, "shouwang.log").grow(3, "a")
	good := l.body(0)
	grown := l.fork().grow(5, "a")
	small, large := l.checkpoint(), grown.checkpoint() // here: f's own methods end a fuzz target
	for _, seed := range []string{good, grown.body(3), "old 0\n\n", "old -1\n\nx", "old 00\n\n" + l.checkpoint(), strings.Repeat("old 0\n", 99), "", "\n\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w, err := witness.Open(witness.Config{Dir: t.TempDir(), Name: "w", Logs: []string{l.key}})
		must(t, err)
		defer w.Close()
		if _, err := w.Add([]byte(body)); err == nil && !strings.Contains(body, small) && !strings.Contains(body, large) {
			t.Errorf("cosigned %q", body)
		}
	})
}
