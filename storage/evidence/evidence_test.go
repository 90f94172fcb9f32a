package evidence_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/evidence"
	"shouwang/storage/notary"
)

func packed(t *testing.T) ([]byte, *notary.Notary) {
	t.Helper()
	n, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	at := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	m := evidence.Manifest{
		ID: "ex-1", Made: at, Camera: "camera:door", From: at.Add(-time.Hour), To: at, Gaps: []evidence.Gap{}, Case: "case-1",
		Recipient: "法院", Requester: "officer:a", Approver: "officer:b", LogEntry: 7, Decision: evidence.Decision{ID: "d-1"},
	}
	if err := evidence.Pack(&out, m, strings.NewReader(strings.Repeat("video", 5000)), map[string]int{"index": 7}, n); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), n
}

func verify(raw []byte, keys ...string) (*evidence.Manifest, error) {
	return evidence.Verify(bytes.NewReader(raw), int64(len(raw)), keys...)
}

func TestAPackageHolds(t *testing.T) {
	raw, n := packed(t)
	m, err := verify(raw, n.Key())
	if err != nil || m.Camera != "camera:door" || m.Standing != "lead" || len(m.Files) != 6 || m.Files[0].Bytes != 25000 || m.Recipient != "法院" {
		t.Fatalf("%+v, %v", m, err)
	}
	other, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(raw, other.Key()); shouwang.CodeOf(err) != shouwang.CodeTampered {
		t.Errorf("another house's key: %v", err)
	}
}

// repack writes the package again with files changed, added ("" before) or
// dropped (nil).
func repack(t *testing.T, raw []byte, change map[string][]byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name string, body []byte) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range in.File {
		body, changed := change[f.Name]
		if changed && body == nil {
			continue
		}
		if !changed {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		delete(change, f.Name)
		put(f.Name, body)
	}
	for name, body := range change {
		if body != nil {
			put(name, body)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatWasDoneToItIsFound(t *testing.T) {
	raw, n := packed(t)
	if _, err := verify(repack(t, raw, map[string][]byte{}), n.Key()); err != nil {
		t.Fatalf("packed again and nothing changed: %v", err)
	}
	for name, change := range map[string]map[string][]byte{
		"another video": {"video.mp4": bytes.Repeat([]byte("other"), 5000)}, "a longer video": {"video.mp4": bytes.Repeat([]byte("video"), 5001)},
		"no video": {"video.mp4": nil}, "no manifest": {"manifest.json": nil}, "no signature": {"manifest.sig": nil}, "a file more": {"extra.txt": []byte("x")},
		"another manifest": {"manifest.json": []byte(`{"format":"守望证据包 shouwang evidence v1","id":"ex-1"}`)}, "no read me": {"README.en.txt": nil},
		"another proof": {"log-proof.json": []byte("{}")},
	} {
		if _, err := verify(repack(t, raw, change), n.Key()); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cut := range []int{0, 10, len(raw) / 2, len(raw) - 1} {
		if _, err := verify(raw[:cut], n.Key()); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}
