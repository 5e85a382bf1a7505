-- +goose Up

-- Whose a transfer is, and its state as people of its partner are told it, who are not told that it is held.
ALTER TABLE transfers ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE transfers ADD COLUMN told TEXT NOT NULL DEFAULT '';

-- What lists read by, newest first.
CREATE INDEX transfers_of_mission ON transfers (mission, id);
CREATE INDEX transfers_of_sender ON transfers (sender, id);
CREATE INDEX transfers_to_partner ON transfers (partner, id) WHERE released > 0;
CREATE INDEX agreement_missions_mission ON agreement_missions (mission, agreement);
CREATE INDEX assessments_mission ON assessments (mission, id);
CREATE INDEX persons_mission ON persons (mission, id);

UPDATE transfers SET told = state;
UPDATE transfers SET sender = COALESCE((SELECT json_extract(b.body, '$.sender') FROM (
    SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'transfer' AND v.id = transfers.id AND v.version = transfers.version) b), '');
UPDATE transfers SET told = COALESCE((SELECT CASE
    WHEN COALESCE(json_array_length(b.body, '$.files'), 0) > 0 AND json_array_length(b.body, '$.files') = COALESCE(json_array_length(b.body, '$.receipts'), 0) THEN 'acknowledged'
    WHEN json_extract(b.body, '$.delivered') IS NOT NULL THEN 'pulled'
    ELSE 'available' END FROM (
    SELECT CAST(v.body AS TEXT) AS body FROM record_versions v WHERE v.kind = 'transfer' AND v.id = transfers.id AND v.version = transfers.version) b), 'available')
WHERE state = 'held';
