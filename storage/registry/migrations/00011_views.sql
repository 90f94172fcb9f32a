-- +goose Up
-- What a camera sees, as two people approved it. The reference picture and its
-- grid are sealed like the cameras' addresses.
CREATE TABLE views (
  camera TEXT PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body)),
  sealed_picture BLOB,
  sealed_grid BLOB
) STRICT;
