-- +goose Up

-- Every version of every record, immutable, as canonical JSON (RFC 8785).
-- The tables below hold what is looked up by, and which version is current.
CREATE TABLE record_versions (
    kind    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    version BIGINT NOT NULL,
    body    BYTEA  NOT NULL,
    PRIMARY KEY (kind, id, version)
);

CREATE TABLE missions (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

CREATE TABLE persons (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    mission TEXT   NOT NULL,
    partner TEXT   NOT NULL
);

CREATE TABLE grants (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    role    TEXT   NOT NULL,
    mission TEXT   NOT NULL,
    partner TEXT   NOT NULL
);
CREATE INDEX grants_person ON grants (person);
CREATE INDEX grants_mission ON grants (mission, role);
CREATE INDEX grants_partner ON grants (partner, role);

CREATE TABLE signing_keys (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    person  TEXT   NOT NULL
);
CREATE INDEX signing_keys_person ON signing_keys (person);

CREATE TABLE tokens (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    hash    TEXT   NOT NULL UNIQUE,
    person  TEXT   NOT NULL
);
CREATE INDEX tokens_person ON tokens (person);

CREATE TABLE parties (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

CREATE TABLE purposes (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    code    TEXT   NOT NULL UNIQUE
);

CREATE TABLE categories (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    code    TEXT   NOT NULL UNIQUE
);

CREATE TABLE retention_rules (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    purpose  TEXT   NOT NULL,
    category TEXT   NOT NULL,
    UNIQUE (purpose, category)
);

CREATE TABLE agreements (
    id          TEXT   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    mission     TEXT   NOT NULL,
    partner     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    valid_until BIGINT NOT NULL
);
CREATE INDEX agreements_between ON agreements (partner, mission);
CREATE INDEX agreements_due ON agreements (state, valid_until);

-- Which missions an agreement names in its scope.
CREATE TABLE agreement_missions (
    partner   TEXT NOT NULL,
    mission   TEXT NOT NULL,
    agreement TEXT NOT NULL,
    PRIMARY KEY (partner, mission, agreement)
);

CREATE TABLE assessments (
    id        TEXT   NOT NULL PRIMARY KEY,
    version   BIGINT NOT NULL,
    agreement TEXT   NOT NULL
);
CREATE INDEX assessments_agreement ON assessments (agreement);

CREATE TABLE subjects (
    id        TEXT   NOT NULL PRIMARY KEY,
    version   BIGINT NOT NULL,
    mission   TEXT   NOT NULL,
    reference TEXT   NOT NULL,
    UNIQUE (mission, reference)
);

CREATE TABLE consents (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    subject TEXT   NOT NULL
);
CREATE INDEX consents_subject ON consents (subject);

CREATE TABLE transfers (
    id          TEXT   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    mission     TEXT   NOT NULL,
    partner     TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    agreement   TEXT   NOT NULL,
    subjects    BIGINT NOT NULL,
    released    BIGINT NOT NULL, -- Unix microseconds; 0 where never
    window_ends BIGINT NOT NULL,
    held_since  BIGINT NOT NULL
);
CREATE INDEX transfers_agreement ON transfers (agreement, released);
CREATE INDEX transfers_state ON transfers (state, window_ends);

-- Who is in a transfer, in row order; subject is empty for a case number of
-- which nothing is known. The transfer holds the digest of the list.
CREATE TABLE transfer_subjects (
    transfer   TEXT   NOT NULL,
    row_number BIGINT NOT NULL,
    subject    TEXT   NOT NULL,
    PRIMARY KEY (transfer, row_number)
);
CREATE INDEX transfer_subjects_subject ON transfer_subjects (subject);

CREATE TABLE sealed_files (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    transfer TEXT   NOT NULL
);

CREATE TABLE pull_sessions (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    transfer TEXT   NOT NULL,
    file     BIGINT NOT NULL,
    open_since BIGINT NOT NULL -- Unix microseconds; 0 where it has ended
);
CREATE INDEX pull_sessions_file ON pull_sessions (transfer, file);
CREATE INDEX pull_sessions_open ON pull_sessions (open_since) WHERE open_since > 0;

-- Working state: the announcements of uploads, with the wrapped data keys.
-- Destroying a transfer is deleting its rows here, and its objects.
CREATE TABLE uploads (
    id       TEXT   NOT NULL PRIMARY KEY,
    transfer TEXT   NOT NULL,
    file     BIGINT NOT NULL,
    key_name TEXT   NOT NULL,
    wrapped  TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    started  BIGINT NOT NULL,
    touched  BIGINT NOT NULL
);
CREATE INDEX uploads_state ON uploads (state, touched);
CREATE INDEX uploads_transfer ON uploads (transfer);

-- The key of each mission for case numbers, wrapped by the key service.
CREATE TABLE mission_keys (
    mission  TEXT NOT NULL PRIMARY KEY,
    key_name TEXT NOT NULL,
    wrapped  TEXT NOT NULL
);

-- The evidence log. seq is empty until the entry is sequenced; body and salt
-- are the erasable part.
CREATE TABLE log_entries (
    id         TEXT   NOT NULL PRIMARY KEY,
    seq        BIGINT UNIQUE CHECK (seq >= 0),
    version    BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    commitment BYTEA  NOT NULL,
    salt       BYTEA,
    body       BYTEA
);
CREATE INDEX log_entries_waiting ON log_entries (id) WHERE seq IS NULL;

CREATE TABLE log_hashes (
    id   BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA  NOT NULL
);

CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    prev BIGINT NOT NULL UNIQUE,
    note BYTEA  NOT NULL
);
