-- +goose Up
-- One row per line of the access log, in the order of seq. leaf is the salted
-- commitment that the public log holds; sealed is the salt and the clear line
-- under the key of its camera and month. The camera stands as a keyed tag, so
-- that the database alone does not say who was looked at.
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL, -- Unix milliseconds
  camera BLOB NOT NULL,
  kind TEXT NOT NULL,
  leaf BLOB NOT NULL UNIQUE,
  sealed BLOB NOT NULL,
  key INTEGER NOT NULL, -- of keys; gone when the entry was erased
  leaf_index INTEGER UNIQUE -- place in the public log, null until it is there
) STRICT;
CREATE INDEX entries_camera ON entries (camera, at);
CREATE INDEX entries_at ON entries (at);
CREATE INDEX entries_waiting ON entries (seq) WHERE leaf_index IS NULL;

-- Deleting a key erases what it sealed, for good. A number is never used again.
CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  camera BLOB NOT NULL,
  month INTEGER NOT NULL, -- year * 12 + month - 1, UTC
  sealed_key BLOB NOT NULL,
  UNIQUE (camera, month)
) STRICT;
