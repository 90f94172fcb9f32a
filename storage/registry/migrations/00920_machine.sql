-- +goose Up
-- What was done with the machine's own commands, past the pages and the two
-- people that these ask for. logged is 1 once it stands in the access log.
CREATE TABLE machine_acts (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  act TEXT NOT NULL,
  logged INTEGER NOT NULL DEFAULT 0
) STRICT;
