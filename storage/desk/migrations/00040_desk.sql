-- +goose Up
-- The dispatchers' desk: what people at the wall arranged, marked and answered.
-- Nothing here decides what may be seen; it holds no picture.
CREATE TABLE layouts (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,            -- a principal; '' for one that all of a site share
  site TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  changed INTEGER NOT NULL,       -- ms since the epoch, as all times here
  changed_by TEXT NOT NULL
) STRICT;

CREATE TABLE marks (
  event TEXT PRIMARY KEY,
  camera TEXT NOT NULL,
  assigned_to TEXT NOT NULL DEFAULT '',
  case_id TEXT NOT NULL DEFAULT '',
  incident TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  by TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE incident_records (
  id TEXT PRIMARY KEY,
  opened INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE buttons (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body)),
  token_hash BLOB NOT NULL,
  battery INTEGER NOT NULL DEFAULT -1,
  heard INTEGER NOT NULL DEFAULT 0,
  made INTEGER NOT NULL
) STRICT;

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  button TEXT NOT NULL,
  first INTEGER NOT NULL,         -- when it was pressed, as far as is known
  received INTEGER NOT NULL,
  last INTEGER NOT NULL,          -- when the newest press arrived
  presses INTEGER NOT NULL,
  via TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
  answered_by TEXT NOT NULL DEFAULT '',
  answered INTEGER NOT NULL DEFAULT 0,
  closed_by TEXT NOT NULL DEFAULT '',
  closed INTEGER NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  incident TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX calls_by_time ON calls (received);
-- One call at a time waits or is answered: a button pressed five times is one.
CREATE UNIQUE INDEX one_call_a_button ON calls (button) WHERE state <> 'closed';

-- Names that devices gave their messages: the same name again is the same press,
-- whether or not the call it made is closed by now.
CREATE TABLE signals (
  button TEXT NOT NULL,
  signal TEXT NOT NULL,
  call TEXT NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (button, signal)
) STRICT;
