-- +goose Up
-- What is written to find out whether the log can be written: one row, replaced
-- each time. It says nothing.
CREATE TABLE trial (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL, -- Unix milliseconds
  filler BLOB NOT NULL
) STRICT;
