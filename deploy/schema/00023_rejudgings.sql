-- +goose Up

-- Working state: what waits for its partner, or is held, and is to be judged again: at once (due is 0) after a change of
-- what it rests on, or when something of that ends (Unix microseconds). The cause tells several changes apart. A row goes
-- when its transfer is judged; where one is lost, the next pull judges.
CREATE TABLE rejudgings (
    transfer TEXT   NOT NULL,
    cause    TEXT   NOT NULL,
    due      BIGINT NOT NULL,
    PRIMARY KEY (transfer, cause)
);
CREATE INDEX rejudgings_due ON rejudgings (due, transfer);

CREATE INDEX transfers_waiting_partner ON transfers (partner) WHERE state IN ('available', 'held');
CREATE INDEX transfers_waiting_agreement ON transfers (agreement) WHERE state IN ('available', 'held');
CREATE INDEX transfers_waiting_mission ON transfers (mission) WHERE state IN ('available', 'held');

INSERT INTO rejudgings (transfer, cause, due) SELECT id, 'time', 0 FROM transfers WHERE state IN ('available', 'held');
