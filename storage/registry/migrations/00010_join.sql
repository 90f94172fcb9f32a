-- +goose Up
-- Notices: a version is never edited, so that the hash in a consent can be
-- checked as long as the consent is kept.
CREATE TABLE notices (
  id TEXT NOT NULL,
  version TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  PRIMARY KEY (id, version)
) STRICT;
-- +goose StatementBegin
CREATE TRIGGER notices_are_never_edited BEFORE UPDATE ON notices
BEGIN SELECT RAISE(ABORT, 'a notice is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER notices_are_never_deleted BEFORE DELETE ON notices
BEGIN SELECT RAISE(ABORT, 'a notice is never deleted'); END;
-- +goose StatementEnd

-- Invitations stay on record: a refusal gives its owner ninety days of rest.
-- Of the token nothing but its hash is kept.
CREATE TABLE invitations (
  id TEXT PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  camera TEXT NOT NULL,
  state TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX invitations_camera ON invitations (camera);
