package keys

import "context"

// Vault is where camera keys live. There are two: a master key file (the
// default) and the transit engine of OpenBao or Vault, in package transit. The
// same tests, package keystest, run over both. A Vault is safe for concurrent
// use.
type Vault interface {
	// Name says which vault it is, for the index to be sure that it stands over
	// the vault its keys were made in. It holds no credential.
	Name() string
	// Make makes a key for the id, which was never used before, and returns
	// what the index keeps of it: never empty, and worth nothing without the
	// vault. Making it again after a crash is no error.
	Make(ctx context.Context, id string) (handle []byte, err error)
	// Wrap encrypts a key of 32 bytes under the key named; the id is
	// authenticated with it.
	Wrap(ctx context.Context, id string, handle, plain []byte) ([]byte, error)
	// Unwrap is the reverse. A key that is gone gives an Error with
	// CodeKeyDestroyed; a vault that does not answer CodeStorageAway.
	Unwrap(ctx context.Context, id string, handle, wrapped []byte) ([]byte, error)
	// Destroy ends the keys named, for ever, those already gone included. After
	// an error any of them may be gone, and it is to be repeated.
	Destroy(ctx context.Context, ids []string) error
}
