-- +goose Up

-- What a category that becomes more sensitive makes stale is found by; with a space at either side of each, as countries are.
ALTER TABLE assessments ADD COLUMN categories TEXT NOT NULL DEFAULT '';

UPDATE assessments SET categories = COALESCE((SELECT ' ' || string_agg(c.code, ' ' ORDER BY c.n) || ' '
    FROM record_versions v, jsonb_array_elements_text(COALESCE(NULLIF(convert_from(v.body, 'UTF8')::jsonb -> 'categories', 'null'), '[]')) WITH ORDINALITY AS c (code, n)
    WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version), '');
