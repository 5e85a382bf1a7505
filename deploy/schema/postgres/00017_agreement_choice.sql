-- +goose Up

-- Which agreement another takes the place of, empty for none: a transfer is not judged by one whose successor came into force.
ALTER TABLE agreements ADD COLUMN supersedes TEXT NOT NULL DEFAULT '';
CREATE INDEX agreements_supersedes ON agreements (supersedes) WHERE supersedes <> '';

-- Of which mission of its agreement's scope an assessment is.
ALTER TABLE assessments ADD COLUMN mission TEXT NOT NULL DEFAULT '';

UPDATE agreements SET supersedes = COALESCE((SELECT convert_from(v.body, 'UTF8')::jsonb -> 'document' ->> 'supersedes' FROM record_versions v
    WHERE v.kind = 'agreement' AND v.id = agreements.id AND v.version = agreements.version), '');
UPDATE assessments SET mission = COALESCE((SELECT convert_from(v.body, 'UTF8')::jsonb ->> 'mission' FROM record_versions v
    WHERE v.kind = 'assessment' AND v.id = assessments.id AND v.version = assessments.version), '');
