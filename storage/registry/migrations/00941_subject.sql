-- +goose Up
-- Which person at which identity provider (iss, sub) opens an account; empty
-- until somebody was vouched for. One such person opens one account.
ALTER TABLE accounts ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject) WHERE subject <> '';
