-- +goose Up
-- What the rules look at is kept as the JSON that package policy defines: its
-- shape is declared once, there. A column exists where a query needs it.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO meta VALUES ('revision', '0'), ('consent_head', '');

CREATE TABLE town (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE places (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE units (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE principals (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE cameras (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE cases (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE incidents (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE orders (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE subject_requests (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE footage (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;
CREATE TABLE holds (id TEXT PRIMARY KEY, body TEXT NOT NULL CHECK (json_valid(body))) STRICT;

-- A camera's address may hold a password: it is sealed, never in clear.
CREATE TABLE sources (
  camera TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  push INTEGER NOT NULL,
  sealed_url BLOB,
  PRIMARY KEY (camera, kind)
) STRICT;
CREATE TABLE publish_tokens (
  camera TEXT PRIMARY KEY REFERENCES cameras (id) ON DELETE CASCADE,
  token_hash BLOB NOT NULL,
  made TEXT NOT NULL
) STRICT;

-- Consent versions in the order they were written; hash is over the previous
-- row's hash and body. Rows outlive their camera.
CREATE TABLE consents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  consent TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  camera TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  hash TEXT NOT NULL,
  UNIQUE (consent, version)
) STRICT;
-- +goose StatementBegin
CREATE TRIGGER consents_are_never_edited BEFORE UPDATE ON consents
BEGIN SELECT RAISE(ABORT, 'a consent record is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER consents_are_never_deleted BEFORE DELETE ON consents
BEGIN SELECT RAISE(ABORT, 'a consent record is never deleted'); END;
-- +goose StatementEnd

CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  principal TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  password_set TEXT NOT NULL,
  must_change INTEGER NOT NULL,
  disabled INTEGER NOT NULL,
  language TEXT NOT NULL,
  sealed_totp BLOB,
  sealed_totp_pending BLOB,
  totp_last INTEGER NOT NULL
) STRICT;
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  created INTEGER NOT NULL, -- Unix milliseconds, as the two below
  seen INTEGER NOT NULL,
  second_factor INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_account ON sessions (account);
