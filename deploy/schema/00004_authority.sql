-- +goose Up

-- The tag of each version of a record, and of each entry of the log, under the
-- authority key. A row without one is not believed.
ALTER TABLE record_versions ADD COLUMN mac BYTEA;
ALTER TABLE log_entries ADD COLUMN mac BYTEA;

-- The authority key, wrapped by the key service.
CREATE TABLE authority_keys (
    version  BIGINT NOT NULL PRIMARY KEY,
    key_name TEXT   NOT NULL,
    wrapped  TEXT   NOT NULL
);
