-- +goose Up
-- Second approvals, asked for and answered. What one covers is decided by
-- package policy, whose JSON this is; asked is in Unix milliseconds.
CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  asked INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX approvals_asked ON approvals (asked);
