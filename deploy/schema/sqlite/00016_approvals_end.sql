-- +goose Up

-- When the log must say that an approval is over (Unix microseconds); 0 where it does, or where nothing is covered.
ALTER TABLE dpo_approvals ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX dpo_approvals_ends ON dpo_approvals (ends) WHERE ends > 0;

UPDATE dpo_approvals SET ends = (
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.until'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.until'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v
        WHERE v.kind = 'dpo_approval' AND v.id = dpo_approvals.id AND v.version = dpo_approvals.version) b)
WHERE EXISTS (SELECT 1 FROM record_versions v WHERE v.kind = 'dpo_approval' AND v.id = dpo_approvals.id AND v.version = dpo_approvals.version
    AND json_extract(CAST(v.body AS TEXT), '$.granted') = 1 AND json_extract(CAST(v.body AS TEXT), '$.revoked') IS NULL);
