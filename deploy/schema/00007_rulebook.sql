-- +goose Up

-- The policy data: one book of editions, whose versions lie in record_versions.
CREATE TABLE rulebooks (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);
