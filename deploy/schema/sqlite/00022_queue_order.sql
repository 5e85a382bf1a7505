-- +goose Up

-- The riskiest waits first: the band of an assessment, empty where it was never submitted, and which assessment a transfer rests on.
ALTER TABLE assessments ADD COLUMN band TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN assessment TEXT NOT NULL DEFAULT '';
-- When the first open condition of an assessment is due (Unix microseconds); 0 where there is none, or nobody may close it any more.
ALTER TABLE assessments ADD COLUMN open_due BIGINT NOT NULL DEFAULT 0;
-- What waits for a partner that nothing goes to is held.
ALTER TABLE parties ADD COLUMN state TEXT NOT NULL DEFAULT '';
CREATE INDEX assessments_open ON assessments (open_due, id) WHERE open_due > 0;
CREATE INDEX assessments_returned ON assessments (id) WHERE state = 'returned';

UPDATE assessments SET band = COALESCE((SELECT json_extract(CAST(v.body AS TEXT), '$.result.band') FROM record_versions v
    WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version), '');
UPDATE transfers SET assessment = COALESCE((SELECT json_extract(CAST(v.body AS TEXT), '$.assessment') FROM record_versions v
    WHERE v.kind = 'transfer' AND v.id = transfers.id AND v.version = transfers.version), '');
UPDATE parties SET state = COALESCE((SELECT json_extract(CAST(v.body AS TEXT), '$.state') FROM record_versions v
    WHERE v.kind = 'party' AND v.id = parties.id AND v.version = parties.version), '');
UPDATE assessments SET open_due = COALESCE((
    SELECT MIN(CAST(strftime('%s', substr(json_extract(c.value, '$.due'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(c.value, '$.due'), 21), 'Z') || '000000', 1, 6) AS INTEGER))
    FROM record_versions v, json_each(CAST(v.body AS TEXT), '$.conditions') c
    WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version AND json_extract(c.value, '$.closed_at') IS NULL), 0)
WHERE state IN ('submitted', 'returned', 'approved');

-- One of the two who terminate an agreement in force has: it waits for the other.
UPDATE agreements SET awaits = 'ending' WHERE state = 'active' AND awaits IN ('', 'draft') AND EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'agreement' AND v.id = agreements.id AND v.version = agreements.version AND json_array_length(CAST(v.body AS TEXT), '$.terminations') = 1);
