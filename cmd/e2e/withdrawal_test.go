package e2e

import (
	bigendian "encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"shouwang"
	"shouwang/ingest/camsim"
	"shouwang/storage"
	"shouwang/storage/folder"
	"shouwang/storage/receipt"
)

// aHouseful is how many cameras one service has in the test below.
const aHouseful = 20

// TestWithdrawalsMeasured withdraws consents while somebody watches the camera
// live and somebody plays what is recorded of it, on the real service over HTTP,
// and measures from the resident's request to the last picture, the first
// refusal, and the keys' end. It withdraws three times, or as often as
// SHOUWANG_WITHDRAWALS says.
func TestWithdrawalsMeasured(t *testing.T) {
	t.Parallel()
	runs := 3
	if n, err := strconv.Atoi(os.Getenv("SHOUWANG_WITHDRAWALS")); err == nil && n > 0 {
		runs = n
	}
	sim := cameras(t, map[string]camsim.Camera{"street": {Clips: []*camsim.Clip{reel(t, busy(31))}}})
	var all withdrawals
	for left := runs; left > 0; left -= aHouseful {
		withdrawHouseful(t, sim.URL("street"), min(left, aHouseful), &all)
	}
	all.judge(t, runs)
}

// withdrawals are what was measured, a value a run each.
type withdrawals struct{ lastPicture, tile, denied, keys, answered []time.Duration }

func (w *withdrawals) judge(t *testing.T, runs int) {
	t.Helper()
	for _, m := range []struct {
		what  string
		took  []time.Duration
		limit time.Duration
	}{
		{"last live picture", w.lastPicture, 2 * time.Second},
		{"live view ended", w.tile, 2 * time.Second},
		{"recorded refused", w.denied, time.Second},
		{"keys destroyed", w.keys, time.Minute},
		{"receipt in hand", w.answered, time.Minute},
	} {
		slices.Sort(m.took)
		if len(m.took) != runs {
			t.Fatalf("%s: measured %d times of %d", m.what, len(m.took), runs)
		}
		p99 := m.took[(runs*99-1)/100]
		t.Logf("%d withdrawals: %-18s p50 %4d ms, p99 %4d ms, worst %4d ms", runs, m.what, m.took[runs/2].Milliseconds(), p99.Milliseconds(), m.took[runs-1].Milliseconds())
		if runs < 100 {
			m.limit *= 5 // a few runs among other tests' load; the promise is judged over a hundred
		}
		if p99 > m.limit {
			t.Errorf("%s: p99 %s, promised %s", m.what, p99, m.limit)
		}
	}
}

// withdrawHouseful records n residents' cameras, withdraws one after the other,
// and checks the house.
func withdrawHouseful(t *testing.T, url string, n int, all *withdrawals) {
	t.Helper()
	var cams []cam
	for i := range n {
		cams = append(cams, cam{ID: fmt.Sprintf("door-%d", i), Name: fmt.Sprintf("门口%d", i), URL: url, Resident: true, Rolling: true})
	}
	h := build(t, cams, nil)
	s := h.start(t)
	chen, li := h.signIn(t, s, "chen"), h.signIn(t, s, "li")
	await(t, 2*time.Minute, "pictures of every camera", func() bool {
		return !slices.ContainsFunc(cams, func(c cam) bool { return chen.camera(t, c.ID).Link.Width == 0 })
	})
	pause(4 * time.Second) // of recording; stopping closes it, which spares a minute's wait
	s.stop(t)
	s = h.start(t)
	chen.base, li.base = s.http, s.http
	bucket, err := folder.Open(filepath.Join(h.dir, "bucket"))
	if err != nil {
		t.Fatal(err)
	}
	var opened struct{ ID string }
	chen.must(t, http.MethodPost, "/api/cases", map[string]string{"type": "theft", "title": "a bicycle"}, &opened)
	for _, c := range cams {
		(&leaving{t: t, h: h, chen: chen, li: li, camera: c.ID, bucket: bucket, inCase: opened.ID}).withdraw(all)
	}
	s.stop(t)
	h.check(t)
}

// leaving is one camera whose consent is withdrawn.
type leaving struct {
	t        *testing.T
	h        *house
	chen, li *person
	camera   string
	inCase   string
	bucket   *folder.Bucket
}

func (l *leaving) withdraw(all *withdrawals) {
	t := l.t
	t.Helper()
	b := l.backup()
	piece := l.play(b.segments[0].Span)
	live := l.watch()
	consent := l.consent()
	refused := make(chan time.Time, 1)
	began := time.Now()
	go func() { refused <- l.untilRefused(piece) }()
	var out struct {
		Receipt struct{ Signed string }
	}
	l.li.must(t, http.MethodPost, "/api/my/consents/"+consent+"/withdraw", nil, &out)
	all.answered = append(all.answered, time.Since(began))
	held := filepath.Join(b.dir, "keys-after")
	await(t, time.Minute, "the keys to be gone", func() bool {
		return errors.Join(os.RemoveAll(held), copyFolder(filepath.Join(l.h.dir, "keys"), held)) == nil && destroyed(t, b, held)
	})
	all.keys = append(all.keys, time.Since(began))
	all.denied = append(all.denied, max(0, (<-refused).Sub(began)))
	last, ended := live.wait(t)
	all.lastPicture, all.tile = append(all.lastPicture, max(0, last.Sub(began))), append(all.tile, ended.Sub(began))
	l.verify(out.Receipt.Signed)
	if n := b.sealedKeys(t, held); n > 0 {
		t.Errorf("%s: %d objects of the backup give their own key away", l.camera, n)
	}
	await(t, waitShort, "the bucket to be empty of "+l.camera, func() bool {
		left := 0
		err := l.bucket.List(t.Context(), "segments/"+l.camera+"/", func(storage.Object) error { left++; return nil })
		return err == nil && left == 0
	})
}

// destroyed reports whether every segment of the backup, row and bytes, is
// refused for its key's sake.
func destroyed(t *testing.T, b *backup, held string) bool {
	for i := range b.segments {
		one := &backup{dir: b.dir, bucket: b.bucket, segments: b.segments[i : i+1]}
		if err := one.open(t, held); shouwang.CodeOf(err) != shouwang.CodeKeyDestroyed && !strings.Contains(errText(err), "destroyed") {
			return false
		}
	}
	return true
}

// backup copies what is stored of the camera, and the keys, until the copy can
// be read.
func (l *leaving) backup() *backup {
	t := l.t
	t.Helper()
	b := &backup{dir: filepath.Join(t.TempDir(), "backup")}
	var err error
	if b.bucket, err = folder.Open(filepath.Join(b.dir, "bucket")); err != nil {
		t.Fatal(err)
	}
	await(t, 90*time.Second, "a backup of "+l.camera+" that can be read", func() bool {
		keys := filepath.Join(b.dir, "keys")
		if errors.Join(os.RemoveAll(keys), copyFolder(filepath.Join(l.h.dir, "keys"), keys)) != nil {
			return false
		}
		list, _ := l.h.segments(t, l.camera)
		b.segments = nil
		for _, s := range list {
			if s.State == storage.SegmentStored && move(t.Context(), l.bucket, b.bucket, s.Name()) == nil {
				b.segments = append(b.segments, s)
			}
		}
		return len(b.segments) > 0 && b.open(t, keys) == nil
	})
	return b
}

// play opens a play of what is recorded and returns the address of its first
// piece, which shows pictures.
func (l *leaving) play(span shouwang.Span) string {
	t := l.t
	t.Helper()
	var p struct {
		ID      string
		Cameras []struct {
			Reasons []string
			Code    string
		}
	}
	l.chen.must(t, http.MethodPost, "/api/evidence/plays", map[string]any{
		"cameras": []string{l.camera}, "from": span.From, "to": span.To, "purpose": "public_safety", "case": l.inCase, "width": 320,
	}, &p)
	if p.ID == "" {
		t.Fatalf("%s: what is recorded cannot be played before the withdrawal: %+v", l.camera, p)
	}
	path := fmt.Sprintf("/api/evidence/plays/%s/%s/0", p.ID, l.camera)
	if resp, body := l.chen.ask(t, http.MethodGet, path, nil); resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "mdat") {
		t.Fatalf("%s: nothing recorded is shown before the withdrawal: %s %.300s", l.camera, resp.Status, body)
	}
	return path
}

// untilRefused asks for the piece again and again and returns when it was
// first refused; what comes after must be refused, too.
func (l *leaving) untilRefused(path string) time.Time {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		resp, _ := l.chen.ask(l.t, http.MethodGet, path, nil)
		if at := time.Now(); resp.StatusCode != http.StatusOK {
			if again, _ := l.chen.ask(l.t, http.MethodGet, path, nil); again.StatusCode == http.StatusOK {
				l.t.Errorf("%s: refused with %s and then shown", l.camera, resp.Status)
			}
			return at
		}
		pause(10 * time.Millisecond)
	}
	l.t.Errorf("%s: what is recorded is still shown a minute later", l.camera)
	return time.Now()
}

func (l *leaving) consent() string {
	l.t.Helper()
	var out struct {
		Cameras []struct {
			Camera   struct{ ID string }
			Consents []struct{ ID string }
		}
	}
	l.li.must(l.t, http.MethodGet, "/api/my/cameras", nil, &out)
	for _, c := range out.Cameras {
		if c.Camera.ID == l.camera && len(c.Consents) == 1 {
			return c.Consents[0].ID
		}
	}
	l.t.Fatalf("li has no consent for %s: %+v", l.camera, out)
	return ""
}

// verify reads the receipt with the public key alone.
func (l *leaving) verify(signed string) {
	l.t.Helper()
	key, err := os.ReadFile(filepath.Join(l.h.dir, "papers.pub"))
	if err != nil {
		l.t.Fatal(err)
	}
	r, err := receipt.Verify(signed, strings.TrimSpace(string(key)))
	if err != nil || r.State != "withdrawn" || r.Camera != "camera:"+l.camera || r.Keys == 0 || r.Log < 0 {
		l.t.Errorf("%s: the receipt says %+v, %v", l.camera, r, err)
	}
}

// viewing is a live view as a browser without WebRTC has it, its pictures
// counted as they arrive.
type viewing struct {
	mu       sync.Mutex
	pictures int
	last     time.Time
	done     chan time.Time // gets when the answer ended
}

func (l *leaving) watch() *viewing {
	t := l.t
	t.Helper()
	client := &http.Client{Jar: l.chen.http.Jar, Transport: l.chen.http.Transport} // without the others' bound in time
	resp, err := client.Get(l.chen.base + "/api/cameras/" + l.camera + "/live.mp4?purpose=public_safety&case=" + l.inCase)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: live: %s %s", l.camera, resp.Status, raw)
	}
	v := &viewing{done: make(chan time.Time, 1)}
	go func() {
		defer resp.Body.Close()
		v.count(resp.Body)
		v.done <- time.Now()
	}()
	await(t, time.Minute, "live pictures of "+l.camera, func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.pictures >= 5
	})
	return v
}

// count walks over the boxes of fragmented MP4: each moof is a picture.
func (v *viewing) count(body io.Reader) {
	var head [8]byte
	for {
		if _, err := io.ReadFull(body, head[:]); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, body, int64(bigendian.BigEndian.Uint32(head[:4]))-8); err != nil {
			return
		}
		if string(head[4:]) == "mdat" { // the whole picture is here
			v.mu.Lock()
			v.pictures, v.last = v.pictures+1, time.Now()
			v.mu.Unlock()
		}
	}
}

// wait returns when the last picture came and when the view ended.
func (v *viewing) wait(t *testing.T) (last, ended time.Time) {
	t.Helper()
	return v.within(t, time.Minute)
}

// within is wait with another patience.
func (v *viewing) within(t *testing.T, limit time.Duration) (last, ended time.Time) {
	t.Helper()
	select {
	case ended = <-v.done:
	case <-time.After(limit):
		t.Fatalf("the live view still goes on after %s", limit)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last, ended
}
