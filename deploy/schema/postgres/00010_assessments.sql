-- +goose Up

-- What makes assessments stale: one row for each cause, whatever it concerns.
CREATE TABLE stale_causes (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    happened BIGINT NOT NULL, -- Unix microseconds
    open     BIGINT NOT NULL  -- 1 until every assessment that it concerns is marked
);
CREATE INDEX stale_causes_subject ON stale_causes (subject, happened);
CREATE INDEX stale_causes_reason ON stale_causes (reason, happened);
CREATE INDEX stale_causes_open ON stale_causes (id) WHERE open = 1;

CREATE TABLE assessment_templates (
    id      TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    number  BIGINT NOT NULL UNIQUE
);

-- What the clock looks assessments up by. Instants are Unix microseconds; 0 where there is none.
ALTER TABLE assessments ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE assessments ADD COLUMN template BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assessments ADD COLUMN countries TEXT NOT NULL DEFAULT ''; -- with a space at either side of each
ALTER TABLE assessments ADD COLUMN submitted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE assessments ADD COLUMN valid_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX assessments_due ON assessments (valid_until) WHERE state = 'approved';
CREATE INDEX assessments_template ON assessments (template) WHERE state = 'approved';

UPDATE assessments SET state = b.body ->> 'state', template = CAST(b.body ->> 'template_version' AS BIGINT),
    countries = COALESCE((SELECT ' ' || string_agg(c.code, ' ' ORDER BY c.n) || ' ' FROM jsonb_array_elements_text(b.body -> 'countries') WITH ORDINALITY AS c (code, n)), ''),
    submitted = COALESCE(CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'submitted_at' AS TIMESTAMPTZ)) * 1000000 AS BIGINT), 0),
    valid_until = COALESCE(CAST(EXTRACT(EPOCH FROM CAST(b.body ->> 'valid_until' AS TIMESTAMPTZ)) * 1000000 AS BIGINT), 0)
FROM (SELECT v.id, v.version, CAST(convert_from(v.body, 'UTF8') AS JSONB) AS body FROM record_versions v WHERE v.kind = 'assessment') b
WHERE b.id = assessments.id AND b.version = assessments.version;
