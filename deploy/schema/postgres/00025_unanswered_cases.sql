-- +goose Up

-- 1 where an authority waits for its answer: what is answered and only to be closed never hides it in Legal's queue. A new case is one.
ALTER TABLE legal_cases ADD COLUMN unanswered BIGINT NOT NULL DEFAULT 1;
CREATE INDEX legal_cases_unanswered ON legal_cases (unanswered DESC, id) WHERE waits = 1;
DROP INDEX legal_cases_waiting;

UPDATE legal_cases SET unanswered = 0 WHERE NOT EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'legal_case' AND v.id = legal_cases.id AND v.version = legal_cases.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'state' IN ('received', 'assessing'));
