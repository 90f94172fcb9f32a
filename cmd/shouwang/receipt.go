package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"shouwang/storage/receipt"
)

type receiptCmd struct {
	Verify receiptVerifyCmd `cmd:"" help:"Say whether a receipt is as it was signed, and what it says. Needs no network and no service."`
}

type receiptVerifyCmd struct {
	File string   `arg:"" help:"The receipt's signed text, or its JSON; - for standard input."`
	Key  []string `required:"" help:"Public key (one line that begins with shouwang.papers+), or a file that holds one a line." placeholder:"KEY|FILE"`
	JSON bool     `name:"json" help:"Print one JSON object."`
}

// maxPaper bounds what is read of a receipt, in bytes.
const maxPaper = 1 << 20

// Run verifies one receipt; one that does not hold is exit 1.
func (c receiptVerifyCmd) Run(a app) error {
	keys, err := readKeys(c.Key)
	if err != nil {
		return err
	}
	raw, err := readPaper(a, c.File)
	if err != nil {
		return err
	}
	r, err := receipt.Verify(signedText(raw), keys...)
	if err != nil {
		return err
	}
	if c.JSON {
		return jsonLine(a.out, r)
	}
	text, err := r.Text()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%s\nThe receipt holds: it is as it was signed.\n回执有效：与签署时一致。\n", text)
	return err
}

func readPaper(a app, name string) ([]byte, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, usage("receipt cannot be read: %w", err)
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxPaper))
	if err != nil {
		return nil, usage("receipt cannot be read: %w", err)
	}
	return raw, nil
}

// signedText takes the note out of the JSON that the API answers, and puts
// line ends right that a scanner or a mail turned into Windows'.
func signedText(raw []byte) string {
	var doc struct {
		Signed  string `json:"signed"`
		Receipt struct {
			Signed string `json:"signed"`
		} `json:"receipt"`
	}
	text := string(raw)
	if json.Unmarshal(raw, &doc) == nil {
		if text = doc.Signed; text == "" {
			text = doc.Receipt.Signed
		}
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if i := strings.Index(text, "\n"+receipt.Title+"\n"); i >= 0 { // the words of the mail that it came in
		text = text[i+1:]
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text
}

// readKeys takes keys as they are written, or files of them.
func readKeys(list []string) (keys []string, err error) {
	for _, k := range list {
		if strings.Count(k, "+") >= 2 {
			keys = append(keys, k)
			continue
		}
		raw, err := os.ReadFile(k)
		if err != nil {
			return nil, usage("%q is no public key and no file that can be read", k)
		}
		for line := range strings.Lines(string(raw)) {
			if line = strings.TrimSpace(line); line != "" {
				keys = append(keys, line)
			}
		}
	}
	return keys, nil
}
