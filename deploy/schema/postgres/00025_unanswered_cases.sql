-- +goose Up

-- 1 where an authority waits for its answer: what is answered and only to be closed never hides it in Legal's queue. A new case is one.
ALTER TABLE legal_cases ADD COLUMN unanswered BIGINT NOT NULL DEFAULT 1;
CREATE INDEX legal_cases_unanswered ON legal_cases (unanswered DESC, id) WHERE waits = 1;
DROP INDEX legal_cases_waiting;

UPDATE legal_cases SET unanswered = 0 WHERE NOT EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'legal_case' AND v.id = legal_cases.id AND v.version = legal_cases.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'state' IN ('received', 'assessing'));

-- 1 where a refusal opened the case and nobody of Legal has taken it: what is refused for the same sender and partner joins it.
ALTER TABLE legal_cases ADD COLUMN joins BIGINT NOT NULL DEFAULT 0;
CREATE INDEX legal_cases_joined ON legal_cases (reporter, partner, mission, id) WHERE joins = 1;

UPDATE legal_cases SET joins = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'legal_case' AND v.id = legal_cases.id AND v.version = legal_cases.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'state' = 'received' AND convert_from(v.body, 'UTF8')::jsonb #>> '{history,0,event}' = 'open');
