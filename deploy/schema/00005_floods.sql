-- +goose Up

-- Working state, which no decision reads.

-- Writes that were sent under an Idempotency-Key. slot is a hash of who sent
-- it and of the key; print is a keyed hash of the request; entries are the ids
-- of the log entries of the act, empty while nothing is recorded.
CREATE TABLE claims (
    slot    TEXT   NOT NULL PRIMARY KEY,
    print   TEXT   NOT NULL,
    holder  TEXT   NOT NULL,
    entries TEXT   NOT NULL,
    lease   BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX claims_expires ON claims (expires);

-- How many requests of each caller the replicas have taken for themselves, by
-- the start of the minute.
CREATE TABLE rates (
    caller TEXT   NOT NULL,
    minute BIGINT NOT NULL,
    taken  BIGINT NOT NULL,
    PRIMARY KEY (caller, minute)
);

-- Refusals at the door that wait to be logged together: by the person, or by
-- the commitment to the network they came from, never an address. Each
-- hand-over is a row of its own, with a tag: an entry of the log is made of rows
-- that this system wrote, and of no other.
CREATE TABLE tallies (
    id     TEXT   NOT NULL PRIMARY KEY,
    actor  TEXT   NOT NULL,
    source TEXT   NOT NULL,
    code   TEXT   NOT NULL,
    minute BIGINT NOT NULL,
    count  BIGINT NOT NULL,
    mac    BYTEA
);
CREATE INDEX tallies_minute ON tallies (minute);
