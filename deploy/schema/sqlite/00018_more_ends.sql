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

UPDATE clearances SET ends = COALESCE((
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.valid_until'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.valid_until'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'clearance' AND v.id = clearances.id AND v.version = clearances.version) b
    WHERE json_extract(b.body, '$.valid_until') IS NOT NULL AND json_extract(b.body, '$.state') = 'given'), 0);

UPDATE disclosure_assessments SET ends = COALESCE((
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.valid_until'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.valid_until'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'disclosure_assessment' AND v.id = disclosure_assessments.id AND v.version = disclosure_assessments.version) b
    WHERE json_extract(b.body, '$.valid_until') IS NOT NULL AND json_extract(b.body, '$.signed') IS NOT NULL AND json_extract(b.body, '$.withdrawn') IS NULL), 0);

UPDATE tokens SET ends = COALESCE((
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.expires'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.expires'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'token' AND v.id = tokens.id AND v.version = tokens.version) b
    WHERE json_extract(b.body, '$.expires') IS NOT NULL AND json_extract(b.body, '$.revoked') IS NULL), 0);

UPDATE parties SET vetted = COALESCE((
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.due_diligence.date'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.due_diligence.date'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'party' AND v.id = parties.id AND v.version = parties.version) b
    WHERE json_extract(b.body, '$.due_diligence.date') IS NOT NULL AND json_extract(b.body, '$.due_diligence.result') = 'passed'), 0);

UPDATE parties SET ends = COALESCE((
    SELECT CAST(strftime('%s', substr(json_extract(b.body, '$.due_diligence.valid_until'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.due_diligence.valid_until'), 21), 'Z') || '000000', 1, 6) AS INTEGER)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'party' AND v.id = parties.id AND v.version = parties.version) b
    WHERE json_extract(b.body, '$.due_diligence.valid_until') IS NOT NULL AND json_extract(b.body, '$.due_diligence.result') = 'passed'), 0);
