package ledger_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/ledger"
	"shouwang/storage/ledger/checkpoint"
	"shouwang/storage/ledger/witness"
)

// outside is a witness behind an address that can be taken away.
type outside struct {
	*witness.Witness
	address ledger.Witness
	away    atomic.Bool
}

func standWitness(t *testing.T, name, logKey string) *outside {
	t.Helper()
	o := &outside{Witness: openWitness(t, t.TempDir(), name, logKey)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if o.away.Load() {
			http.Error(rw, "gone for lunch", http.StatusBadGateway)
			return
		}
		o.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	o.address = ledger.Witness{URL: server.URL, Key: o.Key()}
	return o
}

func cosigner(t *testing.T, l *ledger.Ledger, quorum int, clock func() time.Time, witnesses ...*outside) *ledger.Cosigner {
	t.Helper()
	cfg := ledger.DefaultCosign()
	cfg.Quorum = quorum
	for _, w := range witnesses {
		cfg.Witnesses = append(cfg.Witnesses, w.address)
	}
	c, err := ledger.NewCosigner(l, cfg, clock)
	must(t, err)
	return c
}

// published waits until the public log holds n entries.
func published(t *testing.T, l *ledger.Ledger, n uint64) {
	t.Helper()
	_, err := l.Proof(t.Context(), n-1)
	must(t, err)
}

func TestWitnessesCosign(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	a, b := standWitness(t, "a.example", l.VerifierKey()), standWitness(t, "b.example", l.VerifierKey())
	c := cosigner(t, l, 2, nil, a, b)
	trust := checkpoint.Trust{Key: l.VerifierKey(), Witnesses: []string{a.Key(), b.Key()}, Quorum: 2}
	must(t, c.Cosign(t.Context())) // an empty log is shown to nobody
	for i, n := range []uint64{3, 300} {
		add(t, l, "camera:a", int(n)-3*i)
		published(t, l, n)
		must(t, c.Cosign(t.Context()))
		head, err := l.Head(t.Context())
		must(t, err)
		cp, err := checkpoint.Open(head.Raw, trust)
		if err != nil || cp.Size != n || len(cp.Cosigned) != 2 {
			t.Fatalf("head: %+v, %v", cp, err)
		}
	}
	p, err := l.Proof(t.Context(), 5) // proofs are given under what the witnesses saw
	must(t, err)
	if _, err := checkpoint.Open(p.Checkpoint, trust); err != nil {
		t.Errorf("a proof's checkpoint: %v", err)
	}
	must(t, ledger.VerifyProof(p, l.VerifierKey()))
	report, err := ledger.VerifyLog(t.Context(), ledger.Cosigned(l.PublicDir()), trust, []string{a.Seen("shouwang.log"), b.Seen("shouwang.log")}, nil)
	if err != nil || !report.OK() || report.Size != 300 || len(report.Cosigned) != 2 {
		t.Errorf("report: %+v, %v", report, err)
	}
	// After a restart the cosigned checkpoint is there before any witness is.
	must(t, l.Close())
	l = open(t, dir)
	a.away.Store(true)
	b.away.Store(true)
	c = cosigner(t, l, 2, nil, a, b)
	head, err := l.Head(t.Context())
	if _, errOpen := checkpoint.Open(head.Raw, trust); err != nil || errOpen != nil || c.States()[1].Size != 300 {
		t.Errorf("after a restart: %v, %v, %+v", err, errOpen, c.States())
	}
}

func TestWitnessThatIsAway(t *testing.T) {
	l := open(t, t.TempDir())
	now := noon
	a, b, third := standWitness(t, "a.example", l.VerifierKey()), standWitness(t, "b.example", l.VerifierKey()), standWitness(t, "c.example", l.VerifierKey())
	c := cosigner(t, l, 0, func() time.Time { return now }, a, b, third)
	if c.Quorum() != 2 {
		t.Fatalf("more than half of three is %d", c.Quorum())
	}
	a.away.Store(true)
	add(t, l, "camera:a", 4)
	published(t, l, 4)
	must(t, c.Cosign(t.Context()))
	if s := c.States(); s[0].Away == "" || s[0].Refuses || !s[0].Since.Equal(noon) || s[1].Away != "" || s[1].Size != 4 {
		t.Errorf("states: %+v", s)
	}
	now = now.Add(time.Minute)
	b.away.Store(true)
	add(t, l, "camera:a", 2)
	published(t, l, 6) // nothing waits for witnesses
	if err := c.Cosign(t.Context()); shouwang.CodeOf(err) != shouwang.CodeUnreachable {
		t.Errorf("too few witnesses: %v", err)
	}
	if head, err := l.Head(t.Context()); err != nil || head.Size != 4 {
		t.Errorf("the head is %d, %v: the newest that enough have cosigned is 4", head.Size, err)
	}
	fresh, err := l.Proof(t.Context(), 5) // an entry that no witness covers has a proof all the same
	must(t, err)
	must(t, ledger.VerifyProof(fresh, l.VerifierKey()))
	a.away.Store(false) // it has seen nothing yet: the log begins with it at 0
	must(t, c.Cosign(t.Context()))
	if head, err := l.Head(t.Context()); err != nil || head.Size != 6 || c.States()[0].Away != "" {
		t.Errorf("when it is back: %d, %v, %+v", head.Size, err, c.States()[0])
	}
}

// An unchanged log is shown again after an hour, so that a cosignature says
// what is so now.
func TestCosignaturesAreRenewed(t *testing.T) {
	l := open(t, t.TempDir())
	now := time.Now()
	asked := 0
	w := standWitness(t, "a.example", l.VerifierKey())
	counting := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { asked++; w.ServeHTTP(rw, r) }))
	t.Cleanup(counting.Close)
	w.address.URL = counting.URL
	c := cosigner(t, l, 1, func() time.Time { return now }, w)
	add(t, l, "camera:a", 1)
	published(t, l, 1)
	for range 3 {
		must(t, c.Cosign(t.Context()))
	}
	before := asked
	now = now.Add(61 * time.Minute)
	must(t, c.Cosign(t.Context()))
	if before != 1 || asked != 2 {
		t.Errorf("asked %d times within the hour and %d after it", before, asked-before)
	}
}

// The operator shows witness and residents two logs of one key and size.
func TestSplitViewIsRefusedByWitnessesAndFoundByVerifiers(t *testing.T) {
	dir, key, _ := written(t, 10)
	l, split := open(t, dir), open(t, copied(t, dir))
	a, b := standWitness(t, "a.example", key), standWitness(t, "b.example", key)
	honest, lying := cosigner(t, l, 2, nil, a, b), cosigner(t, split, 2, nil, a, b)
	add(t, l, "camera:a", 5)
	add(t, split, "camera:b", 5)
	published(t, l, 15)
	published(t, split, 15)
	must(t, honest.Cosign(t.Context()))
	err := lying.Cosign(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the witness refuses") || !lying.States()[0].Refuses {
		t.Errorf("the second log of size 15: %v, %+v", err, lying.States())
	}
	trust := checkpoint.Trust{Key: key, Witnesses: []string{a.Key(), b.Key()}, Quorum: 2}
	report, err := ledger.VerifyLog(t.Context(), ledger.Cosigned(split.PublicDir()), trust, nil, nil)
	if err != nil || report.OK() || !strings.HasPrefix(report.Problems[0], ledger.Signature+":") {
		t.Errorf("without cosignatures: %+v, %v", report, err)
	}
	report, err = ledger.VerifyLog(t.Context(), ledger.Folder(split.PublicDir()), checkpoint.Trust{Key: key}, []string{a.Seen("shouwang.log")}, nil)
	if err != nil || report.OK() || !strings.HasPrefix(report.Problems[0], ledger.Split+":") {
		t.Errorf("beside what a witness saw: %+v, %v", report, err)
	}
	// A log cut back to before what the witness saw.
	must(t, split.Close())
	must(t, os.RemoveAll(filepath.Join(split.PublicDir(), "checkpoint.cosigned")))
	short, _, _ := written(t, 3)
	other := open(t, short)
	w := standWitness(t, "c.example", other.VerifierKey())
	c := cosigner(t, other, 1, nil, w)
	published(t, other, 3)
	must(t, c.Cosign(t.Context()))
	must(t, other.Close())
	old := copied(t, short)
	again := open(t, short)
	add(t, again, "camera:a", 4)
	published(t, again, 7)
	must(t, cosigner(t, again, 1, nil, w).Cosign(t.Context()))
	cut := open(t, old)
	published(t, cut, 3)
	c = cosigner(t, cut, 1, nil, w)
	add(t, cut, "camera:x", 1)
	published(t, cut, 4)
	if err := c.Cosign(t.Context()); err == nil || !strings.Contains(err.Error(), "cut or restored from an old copy") || !c.States()[0].Refuses {
		t.Errorf("a log that was cut: %v, %+v", err, c.States())
	}
}

func TestWitnessesOfABadConfiguration(t *testing.T) {
	l := open(t, t.TempDir())
	w := standWitness(t, "a.example", l.VerifierKey())
	for what, change := range map[string]func(*ledger.CosignConfig){
		"no address":   func(c *ledger.CosignConfig) { c.Witnesses[0].URL = "a.example" },
		"no key":       func(c *ledger.CosignConfig) { c.Witnesses[0].Key = "a.example" },
		"twice":        func(c *ledger.CosignConfig) { c.Witnesses = append(c.Witnesses, c.Witnesses[0]) },
		"quorum":       func(c *ledger.CosignConfig) { c.Quorum = 2 },
		"all the time": func(c *ledger.CosignConfig) { c.Every = time.Millisecond },
	} {
		cfg := ledger.DefaultCosign()
		cfg.Witnesses = []ledger.Witness{w.address}
		must(t, cfg.Validate())
		change(&cfg)
		if _, err := ledger.NewCosigner(l, cfg, nil); shouwang.CodeOf(err) != shouwang.CodeBadConfig {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A witness that answers with somebody else's signature.
	other := standWitness(t, "b.example", l.VerifierKey())
	w.address.URL = other.address.URL
	c := cosigner(t, l, 1, nil, w)
	add(t, l, "camera:a", 1)
	published(t, l, 1)
	if err := c.Cosign(t.Context()); err == nil || !strings.Contains(err.Error(), "not signed with its key") {
		t.Errorf("another's signature: %v", err)
	}
}
