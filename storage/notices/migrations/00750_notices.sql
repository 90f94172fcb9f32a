-- +goose Up
-- Who is written to. The address is sealed with the house's key file.
CREATE TABLE subscribers (
  person TEXT PRIMARY KEY, -- the principal
  sealed BLOB NOT NULL, -- address, address to be confirmed, the code's hash: JSON
  confirmed INTEGER NOT NULL DEFAULT 0, -- 1 when there is a confirmed address
  lang TEXT NOT NULL,
  looks TEXT NOT NULL, -- off, daily, once
  since INTEGER NOT NULL, -- Unix milliseconds; nothing older is told
  daily_at INTEGER NOT NULL, -- looks before it are told in digests
  once_at INTEGER NOT NULL -- looks before it are told at once
) STRICT;

-- Codes that were asked for, to bound them.
CREATE TABLE codes (person TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX codes_by ON codes (person, at);

-- What waits to be sent; a row goes when it is sent or given up.
CREATE TABLE waiting (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  person TEXT NOT NULL, -- "" for the staff's
  due INTEGER NOT NULL, -- when it is tried next
  tries INTEGER NOT NULL DEFAULT 0,
  sealed BLOB NOT NULL -- the letter: JSON
) STRICT;
CREATE INDEX waiting_due ON waiting (due);

-- What was told, by a key of whoever tells, so that it is told once.
CREATE TABLE told (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;

-- When letters were given up or not taken.
CREATE TABLE lost (at INTEGER NOT NULL) STRICT;
