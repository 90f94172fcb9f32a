-- +goose Up
-- How the ways out do: mail and webhook.
CREATE TABLE ways (
  way TEXT PRIMARY KEY,
  sent_at INTEGER NOT NULL DEFAULT 0, -- Unix milliseconds; 0 for never
  failing_since INTEGER NOT NULL DEFAULT 0, -- 0 once something was taken again
  sealed BLOB -- why it fails
) STRICT;

ALTER TABLE waiting ADD COLUMN way TEXT NOT NULL DEFAULT 'mail';
ALTER TABLE lost ADD COLUMN way TEXT NOT NULL DEFAULT 'mail';
ALTER TABLE lost ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE lost ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lost ADD COLUMN sealed BLOB; -- why

-- Whose address the mail server refused for good, the last time it was tried.
CREATE TABLE refused (
  person TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  sealed BLOB NOT NULL -- the address
) STRICT;
