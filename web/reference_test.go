package web

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// The API's description is kept beside the code, so that a change of it shows
// in a review.
func TestReferenceOfTheAPIIsCurrent(t *testing.T) {
	const path = "../docs/reference/openapi.json"
	raw, err := newTown(t).server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, raw, "", " "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, text.Bytes()) {
		t.Error("docs/reference/openapi.json is not what the code says: run UPDATE_DOCS=1 go test ./web -run Reference")
	}
}
