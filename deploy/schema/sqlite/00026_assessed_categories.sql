-- +goose Up

-- What a category that becomes more sensitive makes stale is found by; with a space at either side of each, as countries are.
ALTER TABLE assessments ADD COLUMN categories TEXT NOT NULL DEFAULT '';

UPDATE assessments SET categories = COALESCE((SELECT ' ' || group_concat(c.value, ' ') || ' ' FROM record_versions v, json_each(json_extract(CAST(v.body AS TEXT), '$.categories')) c
    WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version AND c.type = 'text'), '');
