package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shouwang/storage/notary"
	"shouwang/storage/receipt"
)

// TestReceiptVerify needs a file and a key: nothing runs, nothing is asked.
func TestReceiptVerify(t *testing.T) {
	dir := t.TempDir()
	n, err := notary.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := (&receipt.Receipt{ID: "c-1-2", At: time.Unix(1.8e9, 0), Camera: "camera:door", Consent: "c-1@2", State: "withdrawn", Log: 3}).Text()
	if err != nil {
		t.Fatal(err)
	}
	signed, err := n.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "receipt.txt")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(in string, args ...string) (int, string) {
		var o, e strings.Builder
		code := run(context.Background(), append([]string{"receipt", "verify"}, args...), app{strings.NewReader(in), &o, &e})
		return code, o.String() + e.String()
	}
	write(signed)
	if code, out := verify("", file, "--key", n.Key()); code != 0 || !strings.Contains(out, "it is as it was signed") {
		t.Errorf("whole: %d %s", code, out)
	}
	if code, out := verify(strings.ReplaceAll(signed, "\n", "\r\n"), "-", "--key", filepath.Join(dir, "papers.pub"), "--json"); code != 0 || !strings.Contains(out, `"State":"withdrawn"`) {
		t.Errorf("from a scanner: %d %s", code, out)
	}
	if code, out := verify("Your withdrawal is carried out.\r\n\r\nhttps://town.example/my\r\n\r\n"+signed, "-", "--key", n.Key()); code != 0 {
		t.Errorf("in the words of a mail: %d %s", code, out)
	}
	write(strings.Replace(signed, "withdrawn", "given", 1))
	if code, out := verify("", file, "--key", n.Key()); code != 1 || !strings.Contains(out, "not as it was signed") || strings.Count(out, "\n") != 1 {
		t.Errorf("changed: %d %s", code, out)
	}
	if code, _ := verify("", file); code != 2 {
		t.Errorf("without a key: %d", code)
	}
	if code, _ := verify("", "/nonexistent", "--key", n.Key()); code != 2 {
		t.Errorf("no file: %d", code)
	}
}
