-- +goose Up
-- The issuer of the identity provider that vouched for who signed in; empty
-- where a password did.
ALTER TABLE sessions ADD COLUMN provider TEXT NOT NULL DEFAULT '';
