-- +goose Up

-- Grants: the grant that one was delegated from, and the instant (Unix
-- microseconds) at which the log must say that it has ended; 0 where it has no
-- end, or the log says so.
ALTER TABLE grants ADD COLUMN origin TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX grants_origin ON grants (origin) WHERE origin <> '';
CREATE INDEX grants_ends ON grants (ends) WHERE ends > 0;

-- Course completions, and signed confidentiality undertakings.
CREATE TABLE trainings (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    ends    BIGINT NOT NULL -- Unix microseconds; 0 where the log says that it has
);
CREATE INDEX trainings_person ON trainings (person);
CREATE INDEX trainings_ends ON trainings (ends) WHERE ends > 0;

CREATE TABLE undertakings (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    person  TEXT   NOT NULL,
    ends    BIGINT NOT NULL
);
CREATE INDEX undertakings_person ON undertakings (person);
CREATE INDEX undertakings_ends ON undertakings (ends) WHERE ends > 0;

-- Whom partners want to download for them.
CREATE TABLE nominations (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    partner TEXT   NOT NULL
);
CREATE INDEX nominations_partner ON nominations (partner);

-- Who works for a partner is locked by decisions about it.
CREATE INDEX persons_partner ON persons (partner) WHERE partner <> '';
