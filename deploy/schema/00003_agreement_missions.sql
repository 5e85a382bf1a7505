-- +goose Up

-- Saving an amendment and verifying a log both ask for the rows of one agreement.
CREATE INDEX agreement_missions_agreement ON agreement_missions (agreement);
