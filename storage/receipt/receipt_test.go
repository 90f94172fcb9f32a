package receipt_test

import (
	"strings"
	"testing"
	"time"

	"shouwang"
	"shouwang/storage/notary"
	"shouwang/storage/receipt"
)

func sample() *receipt.Receipt {
	at := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	return &receipt.Receipt{
		ID: "c-17-4", At: at, Camera: "camera:door-17", Consent: "c-17@4", State: "withdrawn", Record: "sha256:ab",
		Keys: 2, KeysHash: receipt.HashKeys([]string{"b", "a"}), Segments: 7, Bytes: 123456,
		Held: []receipt.Held{{Case: "案件 7", Until: at.AddDate(0, 0, 30)}, {Case: "case-2", Until: at.AddDate(0, 0, 60)}}, Log: 42,
	}
}

// TestEveryByteCounts changes a signed receipt byte by byte.
func TestEveryByteCounts(t *testing.T) {
	n, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	text, err := sample().Text()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := n.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := receipt.Verify(signed, n.Key())
	if err != nil || got.Keys != 2 || len(got.Held) != 2 || got.Held[0].Case != "案件 7" || got.Log != 42 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range len(signed) {
		changed := []byte(signed)
		changed[i] ^= 1
		if _, err := receipt.Verify(string(changed), n.Key()); err == nil {
			t.Fatalf("byte %d changed and it verifies: %q", i, signed[max(0, i-10):i+1])
		}
	}
	other, err := notary.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.Verify(signed, other.Key()); shouwang.CodeOf(err) != shouwang.CodeTampered {
		t.Errorf("another house's key: %v", err)
	}
	if _, err := receipt.Verify(signed, other.Key(), n.Key()); err != nil {
		t.Errorf("a list of keys: %v", err)
	}
	if _, err := receipt.Verify(signed, "no key"); shouwang.CodeOf(err) != shouwang.CodeBadUsage {
		t.Errorf("no key: %v", err)
	}
}

// TestOnlyOneTextIsAReceipt: what reads the same and is written otherwise is
// none, so that no two papers say one thing.
func TestOnlyOneTextIsAReceipt(t *testing.T) {
	text, err := sample().Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{
		"a line more": text + "id: x\n", "no last line end": strings.TrimSuffix(text, "\n"), "another order": strings.Replace(text, "state: withdrawn\n", "", 1) + "state: withdrawn\n",
		"spaces": strings.ReplaceAll(text, ": 2\n", ": 02\n"), "unknown line": strings.Replace(text, "keys: ", "locks: ", 1), "nothing": "", "title": "x" + text,
		"a line less": strings.Replace(text, "record: sha256:ab\n", "", 1),
	} {
		if _, err := receipt.Parse(other); shouwang.CodeOf(err) != shouwang.CodeTampered {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := sample()
	r.Camera = "camera:a\nstate: given"
	if _, err := r.Text(); err == nil {
		t.Error("a value wrote a line of its own")
	}
	if receipt.HashKeys([]string{"a", "b"}) != receipt.HashKeys([]string{"b", "a"}) || receipt.HashKeys(nil) == receipt.HashKeys([]string{"a"}) {
		t.Error("the hash is not over the set of keys")
	}
}

func TestTheKeyStays(t *testing.T) {
	dir := t.TempDir()
	a, err := notary.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := notary.Open(dir)
	if err != nil || a.Key() != b.Key() || !strings.HasPrefix(a.Key(), notary.KeyName+"+") {
		t.Errorf("%s then %s, %v", a.Key(), b.Key(), err)
	}
}
