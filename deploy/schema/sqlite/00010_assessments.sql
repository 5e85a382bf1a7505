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

UPDATE assessments SET (state, template, countries, submitted, valid_until) = (
    SELECT json_extract(b.body, '$.state'), json_extract(b.body, '$.template_version'),
        COALESCE((SELECT ' ' || group_concat(c.value, ' ') || ' ' FROM json_each(b.body, '$.countries') c), ''),
        COALESCE(CAST(strftime('%s', substr(json_extract(b.body, '$.submitted_at'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.submitted_at'), 21), 'Z') || '000000', 1, 6) AS INTEGER), 0),
        COALESCE(CAST(strftime('%s', substr(json_extract(b.body, '$.valid_until'), 1, 19)) AS INTEGER) * 1000000 + CAST(substr(rtrim(substr(json_extract(b.body, '$.valid_until'), 21), 'Z') || '000000', 1, 6) AS INTEGER), 0)
    FROM (SELECT CAST(v.body AS TEXT) AS body FROM record_versions v
        WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version) b)
WHERE EXISTS (SELECT 1 FROM record_versions v WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version);
