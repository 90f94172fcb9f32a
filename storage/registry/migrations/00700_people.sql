-- +goose Up
-- What an administrator proposes about people and an overseer answers; asked
-- is in Unix milliseconds. Kept for ever.
CREATE TABLE people_proposals (
  id TEXT PRIMARY KEY,
  asked INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
-- Links by which somebody sets the first password; of the token nothing but
-- its hash is kept, expires is in Unix milliseconds.
CREATE TABLE welcomes (
  token_hash TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
  expires INTEGER NOT NULL
) STRICT;
