-- +goose Up

-- When the log must say that a clearance, a disclosure assessment, a token or the vetting of a partner is over (Unix
-- microseconds); 0 where it does, where nobody said until when, or where it counts for nothing anyway.
ALTER TABLE clearances ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX clearances_ends ON clearances (ends) WHERE ends > 0;
ALTER TABLE disclosure_assessments ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX disclosure_assessments_ends ON disclosure_assessments (ends) WHERE ends > 0;
ALTER TABLE tokens ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tokens_ends ON tokens (ends) WHERE ends > 0;
-- The rules in force may end a vetting sooner than it was recorded: vetted is when it was done, 0 where nothing can end.
ALTER TABLE parties ADD COLUMN vetted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE parties ADD COLUMN ends BIGINT NOT NULL DEFAULT 0;
CREATE INDEX parties_vetted ON parties (vetted) WHERE vetted > 0;

UPDATE clearances SET ends = CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'valid_until' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'clearance') b
WHERE b.id = clearances.id AND b.version = clearances.version AND jsonb_typeof(b.body -> 'valid_until') = 'string' AND b.body ->> 'state' = 'given';

UPDATE disclosure_assessments SET ends = CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'valid_until' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'disclosure_assessment') b
WHERE b.id = disclosure_assessments.id AND b.version = disclosure_assessments.version AND jsonb_typeof(b.body -> 'valid_until') = 'string' AND b.body ->> 'signed' IS NOT NULL AND b.body ->> 'withdrawn' IS NULL;

UPDATE tokens SET ends = CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'expires' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'token') b
WHERE b.id = tokens.id AND b.version = tokens.version AND jsonb_typeof(b.body -> 'expires') = 'string' AND b.body ->> 'revoked' IS NULL;

UPDATE parties SET vetted = CAST(EXTRACT(EPOCH FROM CAST(b.body -> 'due_diligence' ->> 'date' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'party') b
WHERE b.id = parties.id AND b.version = parties.version AND jsonb_typeof(b.body -> 'due_diligence' -> 'date') = 'string' AND b.body -> 'due_diligence' ->> 'result' = 'passed';

UPDATE parties SET ends = CAST(EXTRACT(EPOCH FROM CAST(b.body -> 'due_diligence' ->> 'valid_until' AS TIMESTAMPTZ)) * 1000000 AS BIGINT)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'party') b
WHERE b.id = parties.id AND b.version = parties.version AND jsonb_typeof(b.body -> 'due_diligence' -> 'valid_until') = 'string' AND b.body -> 'due_diligence' ->> 'result' = 'passed';
