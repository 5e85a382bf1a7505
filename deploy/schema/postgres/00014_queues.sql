-- +goose Up

-- What is looked up by who has to act: 1 where it waits for somebody of headquarters.
ALTER TABLE legal_cases ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX legal_cases_waiting ON legal_cases (id) WHERE waits = 1;
ALTER TABLE nominations ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX nominations_waiting ON nominations (id) WHERE waits = 1;
ALTER TABLE signing_keys ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX signing_keys_waiting ON signing_keys (id) WHERE waits = 1;
ALTER TABLE persons ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX persons_waiting ON persons (id) WHERE waits = 1;
ALTER TABLE missions ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX missions_waiting ON missions (id) WHERE waits = 1;
ALTER TABLE parties ADD COLUMN waits BIGINT NOT NULL DEFAULT 0;
CREATE INDEX parties_waiting ON parties (id) WHERE waits = 1;

-- Where the document under way of an agreement stands, or that it is suspended; empty where nobody has to act on it.
ALTER TABLE agreements ADD COLUMN awaits TEXT NOT NULL DEFAULT '';
CREATE INDEX agreements_waiting ON agreements (id) WHERE awaits <> '';
CREATE INDEX assessments_waiting ON assessments (submitted) WHERE state = 'submitted';
CREATE INDEX transfers_waiting ON transfers (id) WHERE state = 'awaiting_approval';
CREATE INDEX destructions_waiting ON destructions (due) WHERE state <> 'accepted';

UPDATE legal_cases SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'legal_case' AND v.id = legal_cases.id AND v.version = legal_cases.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'state' <> 'closed');
UPDATE nominations SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'nomination' AND v.id = nominations.id AND v.version = nominations.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'state' = 'open');
UPDATE signing_keys SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'key' AND v.id = signing_keys.id AND v.version = signing_keys.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'confirmed' IS NULL AND convert_from(v.body, 'UTF8')::jsonb ->> 'revoked' IS NULL);
UPDATE persons SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'person' AND v.id = persons.id AND v.version = persons.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'suspension' IS NOT NULL);
UPDATE missions SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'mission' AND v.id = missions.id AND v.version = missions.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'suspension' IS NOT NULL);
UPDATE parties SET waits = 1 WHERE EXISTS (SELECT 1 FROM record_versions v
    WHERE v.kind = 'party' AND v.id = parties.id AND v.version = parties.version AND convert_from(v.body, 'UTF8')::jsonb ->> 'suspension' IS NOT NULL);

UPDATE agreements SET awaits = COALESCE((SELECT COALESCE(convert_from(v.body, 'UTF8')::jsonb -> 'amendment' ->> 'state', convert_from(v.body, 'UTF8')::jsonb ->> 'state') FROM record_versions v
    WHERE v.kind = 'agreement' AND v.id = agreements.id AND v.version = agreements.version), '');
UPDATE agreements SET awaits = '' WHERE awaits NOT IN ('draft', 'review', 'approved', 'part_signed', 'signed', 'suspended');
