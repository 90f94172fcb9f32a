-- +goose Up
-- Keys for signing in by touch: the public halves. An account has one handle
-- for life, so that a phone replaces its key instead of keeping two.
CREATE TABLE passkey_handles (
  account TEXT PRIMARY KEY REFERENCES accounts (name) ON DELETE CASCADE,
  handle BLOB NOT NULL UNIQUE
) STRICT;
CREATE TABLE passkeys (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  public_key BLOB NOT NULL,
  site TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  may_back_up INTEGER NOT NULL,
  backed_up INTEGER NOT NULL,
  transports TEXT NOT NULL, -- comma-separated
  created INTEGER NOT NULL, -- Unix milliseconds, as below
  used INTEGER NOT NULL
) STRICT;
CREATE INDEX passkeys_account ON passkeys (account);
