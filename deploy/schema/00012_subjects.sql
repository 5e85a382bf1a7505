-- +goose Up

-- What stops the sharing of a person's data, or of one transfer (gate condition 25). lifted is 0 while it is open.
CREATE TABLE holds (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    mission  TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    transfer TEXT   NOT NULL,
    lifted   BIGINT NOT NULL -- Unix microseconds
);
CREATE INDEX holds_subject ON holds (subject);
CREATE INDEX holds_transfer ON holds (transfer);
CREATE INDEX holds_open ON holds (id) WHERE lifted = 0;

-- Decisions of the data protection officer (gate condition 19). about is what one is looked up by: an agreement, the
-- content of a transfer, or a pathway.
CREATE TABLE dpo_approvals (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    about    TEXT   NOT NULL,
    transfer TEXT   NOT NULL,
    mission  TEXT   NOT NULL
);
CREATE INDEX dpo_approvals_about ON dpo_approvals (about);
CREATE INDEX dpo_approvals_transfer ON dpo_approvals (transfer);

-- Whether the last decision on a transfer wants an approval of the data protection officer.
ALTER TABLE transfers ADD COLUMN awaits_dpo BIGINT NOT NULL DEFAULT 0;
CREATE INDEX transfers_awaiting_dpo ON transfers (id) WHERE awaits_dpo > 0;

-- What a person is told before they are asked (gate condition 20).
CREATE TABLE notices (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    number  TEXT   NOT NULL,
    UNIQUE (purpose, number)
);

-- What shows that data is anonymised (gate condition 4a). datasets are hex SHA-256, with a space between.
CREATE TABLE disclosure_assessments (
    id          TEXT   NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    mission     TEXT   NOT NULL,
    datasets    TEXT   NOT NULL,
    valid_until BIGINT NOT NULL -- Unix microseconds
);
CREATE INDEX disclosure_assessments_live ON disclosure_assessments (mission, valid_until);
