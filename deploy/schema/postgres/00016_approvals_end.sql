-- +goose Up

-- When the log must say that an approval is over (Unix microseconds); 0 where it does, or where nothing is covered.
ALTER TABLE dpo_approvals ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX dpo_approvals_ends ON dpo_approvals (ends) WHERE ends > 0;

UPDATE dpo_approvals SET ends = CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'until' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'dpo_approval') b
WHERE b.id = dpo_approvals.id AND b.version = dpo_approvals.version AND b.body ->> 'granted' = 'true' AND b.body ->> 'revoked' IS NULL
    AND jsonb_typeof(b.body -> 'until') = 'string';
