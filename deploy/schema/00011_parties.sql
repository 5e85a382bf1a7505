-- +goose Up

-- Requests by authorities: cases of Legal.
CREATE TABLE legal_cases (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    mission  TEXT   NOT NULL,
    partner  TEXT   NOT NULL,
    reporter TEXT   NOT NULL
);
CREATE INDEX legal_cases_mission ON legal_cases (mission);
CREATE INDEX legal_cases_partner ON legal_cases (partner);
CREATE INDEX legal_cases_reporter ON legal_cases (reporter);

-- Incidents at partners; stops is 1 for one that refuses transfers to its partner.
CREATE TABLE incidents (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    mission  TEXT   NOT NULL,
    partner  TEXT   NOT NULL,
    reporter TEXT   NOT NULL,
    stops    BIGINT NOT NULL
);
CREATE INDEX incidents_mission ON incidents (mission);
CREATE INDEX incidents_partner ON incidents (partner);
CREATE INDEX incidents_reporter ON incidents (reporter);
CREATE INDEX incidents_stop ON incidents (partner, id) WHERE stops = 1;

-- What the originators of data agreed to.
CREATE TABLE clearances (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    mission TEXT   NOT NULL
);
CREATE INDEX clearances_mission ON clearances (mission);

-- Duties to destroy what was pulled. due and overdue_from are Unix microseconds;
-- overdue_from is 0 where the duty will never refuse a transfer as it stands.
CREATE TABLE destructions (
    id           TEXT   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    mission      TEXT   NOT NULL,
    partner      TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    due          BIGINT NOT NULL,
    overdue_from BIGINT NOT NULL
);
CREATE INDEX destructions_mission ON destructions (mission, due);
CREATE INDEX destructions_partner ON destructions (partner, due);
CREATE INDEX destructions_overdue ON destructions (partner, overdue_from) WHERE overdue_from <> 0;
