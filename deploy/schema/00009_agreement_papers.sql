-- +goose Up

-- Agreement templates, each version of each name a record of its own.
CREATE TABLE agreement_templates (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    number  BIGINT NOT NULL,
    UNIQUE (name, number)
);

-- Scans of papers that were signed. Their bytes lie sealed in the object store.
CREATE TABLE agreement_scans (
    id        TEXT   NOT NULL PRIMARY KEY,
    version   BIGINT NOT NULL,
    agreement TEXT   NOT NULL
);
CREATE INDEX agreement_scans_agreement ON agreement_scans (agreement);
