-- +goose Up

-- 1 where the officer's queue lists the transfer: not where it was refused because of who sent it, nor without an agreement, whatever
-- there may be of these. -1 is of a program of the schema before, which does not write it: awaits_dpo says it then.
ALTER TABLE transfers ADD COLUMN asks_dpo BIGINT NOT NULL DEFAULT -1;

UPDATE transfers SET asks_dpo = CASE WHEN awaits_dpo > 0 AND agreement <> '' AND NOT (state = 'refused' AND EXISTS (
    SELECT 1 FROM record_versions v, json_each(COALESCE(json_extract(CAST(v.body AS TEXT), '$.decision.refusals'), '[]')) AS r
    WHERE v.kind = 'transfer' AND v.id = transfers.id AND v.version = transfers.version
    AND json_extract(r.value, '$.code') IN ('AUTH_INVALID', 'AUTH_ROLE_DENIED', 'TRAINING_EXPIRED', 'CONFIDENTIALITY_MISSING'))) THEN 1 ELSE 0 END;

CREATE INDEX transfers_asking_dpo ON transfers (id) WHERE asks_dpo <> 0 AND awaits_dpo > 0;
DROP INDEX transfers_awaiting_dpo;
