-- +goose Up
-- What a case gathers: clips and stills as places in time, and notes. Nothing
-- here is a picture. Free text is sealed.
CREATE TABLE items (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('clip', 'still', 'note')),
  camera TEXT NOT NULL,
  from_ns INTEGER NOT NULL,
  to_ns INTEGER NOT NULL,
  sealed_text BLOB,
  by TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  removed_by TEXT NOT NULL DEFAULT '',
  removed_ns INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX items_of_case ON items (case_id, at_ns);

CREATE TABLE sheets (
  case_id TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

-- Everything done in a case, in order; never edited, never deleted.
CREATE TABLE journal (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  case_id TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  by TEXT NOT NULL,
  did TEXT NOT NULL,
  sealed_what BLOB
) STRICT;
CREATE INDEX journal_of_case ON journal (case_id, n);
-- +goose StatementBegin
CREATE TRIGGER journal_is_never_edited BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is never deleted'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE journal;
DROP TABLE sheets;
DROP TABLE items;
