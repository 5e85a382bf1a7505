-- +goose Up

-- The SHA-256 of the scan that the agreement was imported from, empty for none: the same paper is not imported twice.
ALTER TABLE agreements ADD COLUMN paper TEXT NOT NULL DEFAULT '';
CREATE INDEX agreements_paper ON agreements (paper) WHERE paper <> '';

-- What was imported is the first document; an amendment since then is no paper.
UPDATE agreements SET paper = COALESCE((SELECT json_extract(CAST(v.body AS TEXT), '$.document.paper.sha256') FROM record_versions v
    WHERE v.kind = 'agreement' AND v.id = agreements.id AND v.version = 1), '');
