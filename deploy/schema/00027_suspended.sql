-- +goose Up

-- The clock looks each minute for suspensions whose time is over, in the order of their ids: of a million agreements it reads these alone.
CREATE INDEX agreements_suspended ON agreements (id) WHERE state = 'suspended';
