package ledger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shouwang"
	"shouwang/policy"
	"shouwang/storage/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code shouwang.Code) {
	t.Helper()
	if shouwang.CodeOf(err) != code {
		t.Fatalf("got error %v, want code %s", err, code)
	}
}

// look is the n-th look at a camera.
func look(camera string, n int) policy.Entry {
	return policy.Entry{
		At: noon.Add(time.Duration(n) * time.Second), Kind: "look", Principal: "officer:chen", Person: "陈 <Chen> & Co", Unit: "enforcement-team",
		Action: policy.ViewLive, Camera: camera, Purpose: "public_safety", Incident: "inc-4", Decision: "allow", DecisionID: fmt.Sprint("d-", n),
		Consent: "c-17@3", Obligations: []policy.ObligationID{policy.ObligeMask, policy.ObligeWatermark}, BytesOut: int64(n),
	}
}

func add(t testing.TB, l *ledger.Ledger, camera string, n int) {
	t.Helper()
	for i := range n {
		_, err := l.Append(t.Context(), look(camera, i))
		must(t, err)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return string(raw)
}

func TestEntriesComeBackWhole(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for i := range 3 {
		for n, camera := range []string{"camera:a", "camera:b"} {
			index, err := l.Append(t.Context(), look(camera, i))
			if err != nil || index != uint64(2*i+n) {
				t.Fatalf("append: %d, %v", index, err)
			}
		}
	}
	_, err := l.Append(t.Context(), policy.Entry{At: noon, Kind: "denial", Camera: "camera:a"})
	must(t, err)
	must(t, l.Close())
	l = open(t, dir)
	looks, err := l.Looks(t.Context(), "camera:a", shouwang.Span{})
	must(t, err)
	if len(looks) != 3 || looks[0].Index != 4 || text(t, looks[0].Entry) != text(t, look("camera:a", 2)) {
		t.Errorf("looks: %s", text(t, looks))
	}
	within, err := l.Looks(t.Context(), "camera:a", shouwang.Span{From: noon.Add(time.Second), To: noon.Add(2 * time.Second)})
	if err != nil || len(within) != 1 || within[0].Index != 2 {
		t.Errorf("within the span: %s, %v", text(t, within), err)
	}
	everything, err := l.Entries(t.Context(), ledger.Query{})
	if err != nil || len(everything) != 7 || everything[0].Kind != "denial" {
		t.Errorf("everything: %d, %v", len(everything), err)
	}
	page, err := l.Entries(t.Context(), ledger.Query{Before: 3, Limit: 2, Kinds: []string{"look", "denial"}})
	if err != nil || len(page) != 2 || page[0].Index != 2 || page[1].Index != 1 {
		t.Errorf("page: %s, %v", text(t, page), err)
	}
	if none, err := l.Looks(t.Context(), "camera:c", shouwang.Span{}); err != nil || len(none) != 0 {
		t.Errorf("an unwatched camera: %v, %v", none, err)
	}
}

func TestClearLinesAreNotOnDisk(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:door-17", 5)
	p, err := l.Proof(t.Context(), 4) // everything has reached the public log
	must(t, err)
	must(t, l.Close())
	files := 0
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		must(t, err)
		for _, secret := range [][]byte{[]byte("chen"), []byte("door-17"), []byte("inc-4"), p.Salt} {
			if bytes.Contains(raw, secret) {
				t.Errorf("%s holds %q in clear", path, secret)
			}
		}
		return nil
	}))
	if files < 5 {
		t.Fatalf("only %d files: the test looks in the wrong place", files)
	}
}

func TestProofsVerify(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, "camera:a", 300) // more than one tile
	for _, index := range []uint64{0, 1, 255, 256, 299} {
		p, err := l.Proof(t.Context(), index)
		must(t, err)
		must(t, ledger.VerifyProof(p, l.VerifierKey()))
		var e policy.Entry
		must(t, json.Unmarshal([]byte(p.Entry), &e))
		if p.Index != index || text(t, e) != text(t, look("camera:a", int(index))) {
			t.Errorf("proof of entry %d is about %s", p.Index, p.Entry)
		}
		var again ledger.Proof // as it travels
		must(t, json.Unmarshal([]byte(text(t, p)), &again))
		must(t, ledger.VerifyProof(&again, l.VerifierKey()))
	}
	_, err := l.Proof(t.Context(), 300)
	wantCode(t, err, shouwang.CodeNotFound)
}

func TestSpoiledProofsFail(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, "camera:a", 20)
	other := open(t, t.TempDir())
	add(t, other, "camera:a", 20)
	foreign, err := other.Proof(t.Context(), 7)
	must(t, err)
	for name, spoil := range map[string]func(*ledger.Proof){
		"another line": func(p *ledger.Proof) {
			p.Entry = strings.Replace(p.Entry, "officer:chen", "officer:wang", 1)
		},
		"another salt":      func(p *ledger.Proof) { p.Salt[0] ^= 1 },
		"short salt":        func(p *ledger.Proof) { p.Entry, p.Salt = string(p.Salt[31:])+p.Entry, p.Salt[:31] },
		"another leaf":      func(p *ledger.Proof) { p.Leaf[0] ^= 1 },
		"another place":     func(p *ledger.Proof) { p.LeafIndex++ },
		"place past end":    func(p *ledger.Proof) { p.LeafIndex = 1 << 62 },
		"another path":      func(p *ledger.Proof) { p.Hashes[0][0] ^= 1 },
		"shorter path":      func(p *ledger.Proof) { p.Hashes = p.Hashes[1:] },
		"longer path":       func(p *ledger.Proof) { p.Hashes = append(p.Hashes, p.Hashes[0]) },
		"crooked path":      func(p *ledger.Proof) { p.Hashes[0] = p.Hashes[0][:31] },
		"another log's":     func(p *ledger.Proof) { p.Checkpoint = foreign.Checkpoint },
		"edited checkpoint": func(p *ledger.Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n20\n", "\n21\n", 1) },
		"no checkpoint":     func(p *ledger.Proof) { p.Checkpoint = "" },
		"erased, bad leaf":  func(p *ledger.Proof) { p.Entry, p.Salt, p.Leaf = "", nil, nil },
	} {
		p, err := l.Proof(t.Context(), 7)
		must(t, err)
		spoil(p)
		if err := ledger.VerifyProof(p, l.VerifierKey()); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("%s: %v", name, err)
		}
	}
	good, err := l.Proof(t.Context(), 7)
	must(t, err)
	wantCode(t, ledger.VerifyProof(good, other.VerifierKey()), shouwang.CodeTampered)
	wantCode(t, ledger.VerifyProof(good, "nonsense"), shouwang.CodeBadUsage)
}

func TestConsistency(t *testing.T) {
	l := open(t, t.TempDir())
	var kept []string
	for range 4 {
		add(t, l, "camera:a", 90)
		p, err := l.Proof(t.Context(), uint64(90*len(kept)+89))
		must(t, err)
		kept = append(kept, p.Checkpoint)
	}
	size := func(cp string) (n uint64) {
		_, err := fmt.Sscan(strings.Split(cp, "\n")[1], &n)
		must(t, err)
		return n
	}
	for i, older := range kept {
		for _, newer := range kept[i:] {
			proof, err := l.Consistency(t.Context(), size(older), size(newer))
			must(t, err)
			must(t, ledger.VerifyConsistency(older, newer, proof, l.VerifierKey()))
			if size(older) < size(newer) {
				wantCode(t, ledger.VerifyConsistency(newer, older, proof, l.VerifierKey()), shouwang.CodeTampered)
				wantCode(t, ledger.VerifyConsistency(older, newer, nil, l.VerifierKey()), shouwang.CodeTampered)
			}
		}
	}
	for _, bad := range [][2]uint64{{0, 5}, {6, 5}, {5, 1 << 40}} {
		_, err := l.Consistency(t.Context(), bad[0], bad[1])
		wantCode(t, err, shouwang.CodeBadUsage)
	}
}

// Two logs under one key that differ in one entry: what a split view is.
func TestSplitLogIsFoundOut(t *testing.T) {
	dir, _, _ := written(t, 10)
	heads := make([]string, 2)
	for i, d := range []string{copied(t, dir), dir} {
		l := open(t, d)
		add(t, l, fmt.Sprint("camera:", i), 5)
		p, err := l.Proof(t.Context(), 14)
		must(t, err)
		heads[i] = p.Checkpoint
		defer func() {
			proof, err := l.Consistency(t.Context(), 10, 15)
			must(t, err)
			wantCode(t, ledger.VerifyConsistency(heads[1-i], heads[i], proof, l.VerifierKey()), shouwang.CodeTampered)
			report, err := ledger.Verify(t.Context(), l.PublicDir(), l.VerifierKey(), []string{heads[1-i]}, nil)
			if err != nil || report.OK() {
				t.Errorf("a split log passes: %+v, %v", report, err)
			}
		}()
	}
}

func TestErasedEntriesAreGoneAndStillCounted(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 5)
	add(t, l, "camera:b", 5)
	n, err := l.Erase(t.Context(), "camera:a", noon, noon)
	if err != nil || n != 1 {
		t.Fatalf("erased %d keys, %v", n, err)
	}
	if n, err := l.Erase(t.Context(), "camera:b", noon.AddDate(0, 1, 0), noon.AddDate(1, 0, 0)); n != 0 || err != nil {
		t.Errorf("erased %d keys of other months, %v", n, err)
	}
	add(t, l, "camera:a", 2) // the same month goes on under a new key
	if looks, err := l.Looks(t.Context(), "camera:a", shouwang.Span{}); err != nil || len(looks) != 2 {
		t.Errorf("looks after erasing: %d, %v", len(looks), err)
	}
	everything, err := l.Entries(t.Context(), ledger.Query{Camera: "camera:a"})
	if err != nil || len(everything) != 7 || everything[6].Kind != ledger.Erased || everything[6].Principal != "" {
		t.Errorf("entries: %s, %v", text(t, everything), err)
	}
	p, err := l.Proof(t.Context(), 2)
	must(t, err)
	if len(p.Entry) != 0 || len(p.Salt) != 0 {
		t.Errorf("an erased entry shows %s", p.Entry)
	}
	must(t, ledger.VerifyProof(p, l.VerifierKey()))
	whole, err := l.Proof(t.Context(), 7)
	must(t, err)
	must(t, ledger.VerifyProof(whole, l.VerifierKey()))
	must(t, l.Close())
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
	if err != nil || !report.OK() || report.Size != 12 || report.Erased != 5 || report.Details != 7 {
		t.Errorf("report: %+v, %v", report, err)
	}
}

func TestManyWritersOneLog(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	const writers, each = 8, 100
	var wg sync.WaitGroup
	var mu sync.Mutex
	var got []uint64
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				index, err := l.Append(context.Background(), look(fmt.Sprint("camera:", w), i))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				got = append(got, index)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	for i, index := range got {
		if index != uint64(i) {
			t.Fatalf("numbers have a hole or a double at %d: %d", i, index)
		}
	}
	must(t, l.Close())
	report, err := ledger.Check(t.Context(), ledger.Config{Dir: dir}, nil, nil)
	if err != nil || !report.OK() || report.Size != writers*each || report.Details != writers*each || report.Waiting != 0 {
		t.Errorf("report: %+v, %v", report, err)
	}
}

func TestClosedLogRefuses(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, "camera:a", 1)
	must(t, l.Close())
	must(t, l.Close())
	_, err := l.Append(t.Context(), look("camera:a", 1))
	wantCode(t, err, shouwang.CodeAuditUnavailable)
}

func TestEntryTooLargeIsRefused(t *testing.T) {
	l := open(t, t.TempDir())
	e := look("camera:a", 0)
	e.Detail = strings.Repeat("x", 70<<10)
	_, err := l.Append(t.Context(), e)
	wantCode(t, err, shouwang.CodeAuditUnavailable)
	add(t, l, "camera:a", 1)
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	add(t, l, "camera:a", 1)
	_, err := ledger.Open(t.Context(), ledger.Config{Dir: dir})
	wantCode(t, err, shouwang.CodeDataUnreadable) // it is in use
	must(t, l.Close())
	for _, name := range []string{"secret.key", "log.key", "log.pub"} {
		path := filepath.Join(dir, name)
		must(t, os.Rename(path, path+".away"))
		l, err := ledger.Open(t.Context(), ledger.Config{Dir: dir})
		if err == nil {
			_ = l.Close()
		}
		wantCode(t, err, shouwang.CodeDataUnreadable)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("a lost %s was silently replaced", name)
		}
		must(t, os.Rename(path+".away", path))
	}
	_, err = ledger.Open(t.Context(), ledger.Config{Dir: dir, Origin: "another.log"})
	wantCode(t, err, shouwang.CodeDataUnreadable)
	_, err = ledger.Open(t.Context(), ledger.Config{Dir: filepath.Join(dir, "log.pub", "x")})
	wantCode(t, err, shouwang.CodeDataUnreadable)
	open(t, dir)
}
