-- +goose Up

-- What each decision rested on: what was counted, and the ids and versions of the records that were read, once, under the
-- SHA-256 of the body, which the entries carry. Several decisions share one.
CREATE TABLE decision_facts (
    digest TEXT  NOT NULL PRIMARY KEY,
    body   BYTEA NOT NULL
);
