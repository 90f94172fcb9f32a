package keys_test

import (
	"testing"
	"time"

	"shouwang/storage/keys"
	"shouwang/storage/keys/keystest"
)

// TestKeyFile runs the suite of every vault over the master key file.
func TestKeyFile(t *testing.T) {
	keystest.Suite{Open: func(t *testing.T, dir string) *keys.Ring {
		r, err := keys.Open(dir, keys.Options{Clock: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}}.Run(t)
}
