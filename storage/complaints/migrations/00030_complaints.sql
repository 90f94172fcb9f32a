-- +goose Up
-- One row per complaint. What it says is sealed with the house's key file; the
-- number, the state and the times are not.
CREATE TABLE complaints (
  id TEXT PRIMARY KEY, -- the receipt's number
  at INTEGER NOT NULL, -- Unix milliseconds
  by TEXT NOT NULL, -- the principal
  sealed BLOB NOT NULL, -- camera, look, words, contact, answer: JSON
  forwarded_at INTEGER, -- null until the outside body has it
  answered_at INTEGER
) STRICT;
CREATE INDEX complaints_by ON complaints (by, at);
CREATE INDEX complaints_waiting ON complaints (at) WHERE forwarded_at IS NULL;
